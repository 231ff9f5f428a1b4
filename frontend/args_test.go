// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"
)

// TestBuildArgs shows where arguments come from: the flag, the environment, the
// default; and that one no one declared is a warning.
func TestBuildArgs(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
args:
  NAME: default
  VERSION: 1.10
  WHERE: ${NAME}-${VERSION}
from: {base}
layers:
  - files: [{dest: "/$NAME", symlink: "$WHERE"}]
  - build: {run: 'echo $NAME $VERSION $WHERE > $out/args'}
`)
	h.each(t, func(t *testing.T, w way) {
		out := w.files(t, flags(dir)...)
		want(t, "/args", read(t, out, "args"), "default 1.10 default-1.10\n")
		out = w.files(t, flags(dir, "--build-arg", "NAME=given")...)
		want(t, "/args", read(t, out, "args"), "given 1.10 given-1.10\n")
		text := w.must(t, flags(dir, "--build-arg", "VERSIN=2")...)
		contains(t, text, `strata.yaml:4:3: the build argument "VERSIN" is not declared in args; did you mean "VERSION"?`)
	})
}

// TestMissingArg shows that an argument that must be given is an error at its
// line.
func TestMissingArg(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nargs:\n  FREE: x\n  NEEDED: null\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.each(t, func(t *testing.T, w way) {
		out, err := w.build(flags(dir)...)
		if err == nil {
			t.Fatalf("a missing argument is not an error:\n%s", out)
		}
		contains(t, out, "strata.yaml:4:3", "NEEDED", "--build-arg NEEDED=", "NEEDED: null")
	})
}

// TestProxyArgs shows that a proxy reaches commands, but not what identifies
// them: another proxy re-runs nothing.
func TestProxyArgs(t *testing.T) {
	h := newHouse(t)
	h.each(t, func(t *testing.T, w way) {
		dir := h.oneLayer(t, "  - {name: proxied, build: {run: 'echo $http_proxy $HTTPS_PROXY > $out/proxy # "+w.name+"'}}\n")
		out := w.files(t, flags(dir, "--build-arg", "http_proxy=http://a.example", "--build-arg", "HTTPS_PROXY=http://b.example")...)
		want(t, "/proxy", read(t, out, "proxy"), "http://a.example http://b.example\n")
		text := w.must(t, flags(dir, "--build-arg", "http_proxy=http://c.example")...)
		if !cached(t, text, "proxied: build") {
			t.Errorf("another proxy runs the command again:\n%s", text)
		}
		if strings.Contains(text, "not declared") {
			t.Errorf("a proxy is an undeclared argument:\n%s", text)
		}
	})
}

// TestTarget builds a target, and one that isn't there.
func TestTarget(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers: [{files: [{dest: /default, content: a}]}]
targets:
  debug: {from: target:default, layers: [{files: [{dest: /debug, content: a}]}]}
`)
	h.each(t, func(t *testing.T, w way) {
		want(t, "the default target", names(t, w.files(t, flags(dir)...)), "default")
		want(t, "the target", names(t, w.files(t, flags(dir, "--target", "debug")...)), "debug default")
		out, err := w.build(flags(dir, "--target", "debgu")...)
		if err == nil {
			t.Fatalf("an unknown target is not an error:\n%s", out)
		}
		contains(t, out, `unknown target "debgu"`, `did you mean "debug"?`, "debug and default")
	})
}

// TestEpoch shows SOURCE_DATE_EPOCH as an argument, from the environment, and
// refused.
func TestEpoch(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.each(t, func(t *testing.T, w way) {
		check := func(name, created string) {
			t.Helper()
			config := raw(t, h, name, "--config")
			want(t, "the time", config["created"].(string), created)
			for _, entry := range config["history"].([]any) {
				want(t, "the time in the history", dig(entry, "created").(string), created)
			}
		}
		check(w.image(t, h, "", flags(dir, "--build-arg", "SOURCE_DATE_EPOCH=1700000000")...), "2023-11-14T22:13:20Z")
		check(w.image(t, h, "", flags(dir)...), "1970-01-01T00:00:00Z")
		out, err := w.build(flags(dir, "--build-arg", "SOURCE_DATE_EPOCH=yesterday")...)
		if err == nil {
			t.Fatalf("a bad SOURCE_DATE_EPOCH is not an error:\n%s", out)
		}
		contains(t, out, `SOURCE_DATE_EPOCH "yesterday"`, "seconds since 1970")
	})
	t.Run("environment", func(t *testing.T) {
		h.buildx.Env = append(h.buildx.Env, "SOURCE_DATE_EPOCH=1700000001")
		name := h.ways()[0].image(t, h, "", flags(dir)...)
		want(t, "the time", raw(t, h, name, "--config")["created"].(string), "2023-11-14T22:13:21Z")
		h.cli.Env = append(h.cli.Env, "SOURCE_DATE_EPOCH=1700000002")
		name = h.ways()[1].image(t, h, "", flags(dir)...)
		want(t, "the time", raw(t, h, name, "--config")["created"].(string), "2023-11-14T22:13:22Z")
	})
}
