// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestBuildArgs shows where arguments come from: the flag, the environment, the
// default; and that one no one declared is a warning.
func TestBuildArgs(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
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
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir)...)
		house.Want(t, "/args", house.Read(t, out, "args"), "default 1.10 default-1.10\n")
		out = w.Files(t, house.Flags(dir, "--build-arg", "NAME=given")...)
		house.Want(t, "/args", house.Read(t, out, "args"), "given 1.10 given-1.10\n")
		text := w.Must(t, house.Flags(dir, "--build-arg", "VERSIN=2")...)
		house.Contains(t, text, `strata.yaml:4:3: the build argument "VERSIN" is not declared in args; did you mean "VERSION"?`)
	})
}

// TestMissingArg shows that an argument that must be given is an error at its
// line.
func TestMissingArg(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nargs:\n  FREE: x\n  NEEDED: null\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir)...)
		if err == nil {
			t.Fatalf("a missing argument is not an error:\n%s", out)
		}
		house.Contains(t, out, "strata.yaml:4:3", "NEEDED", "--build-arg NEEDED=", "NEEDED: null")
	})
}

// TestProxyArgs shows that a proxy reaches commands, but not what identifies
// them: another proxy re-runs nothing.
func TestProxyArgs(t *testing.T) {
	h := house.New(t)
	h.Each(t, func(t *testing.T, w house.Way) {
		dir := h.OneLayer(t, "  - {name: proxied, build: {run: 'echo $http_proxy $HTTPS_PROXY > $out/proxy # "+w.Name+"'}}\n")
		out := w.Files(t, house.Flags(dir, "--build-arg", "http_proxy=http://a.example", "--build-arg", "HTTPS_PROXY=http://b.example")...)
		house.Want(t, "/proxy", house.Read(t, out, "proxy"), "http://a.example http://b.example\n")
		text := w.Must(t, house.Flags(dir, "--build-arg", "http_proxy=http://c.example")...)
		if !house.Cached(t, text, "proxied: build") {
			t.Errorf("another proxy runs the command again:\n%s", text)
		}
		if strings.Contains(text, "not declared") {
			t.Errorf("a proxy is an undeclared argument:\n%s", text)
		}
	})
}

// TestTarget builds a target, and one that isn't there.
func TestTarget(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers: [{files: [{dest: /default, content: a}]}]
targets:
  debug: {from: target:default, layers: [{files: [{dest: /debug, content: a}]}]}
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		house.Want(t, "the default target", names(t, w.Files(t, house.Flags(dir)...)), "default")
		house.Want(t, "the target", names(t, w.Files(t, house.Flags(dir, "--target", "debug")...)), "debug default")
		out, err := w.Build(house.Flags(dir, "--target", "debgu")...)
		if err == nil {
			t.Fatalf("an unknown target is not an error:\n%s", out)
		}
		house.Contains(t, out, `unknown target "debgu"`, `did you mean "debug"?`, "debug and default")
	})
}

// TestEpoch shows SOURCE_DATE_EPOCH as an argument, from the environment, and
// refused.
func TestEpoch(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		check := func(name, created string) {
			t.Helper()
			config := house.Raw(t, h, name, "--config")
			house.Want(t, "the time", config["created"].(string), created)
			for _, entry := range config["history"].([]any) {
				house.Want(t, "the time in the history", house.Dig(entry, "created").(string), created)
			}
		}
		check(w.Image(t, h, "", house.Flags(dir, "--build-arg", "SOURCE_DATE_EPOCH=1700000000")...), "2023-11-14T22:13:20Z")
		check(w.Image(t, h, "", house.Flags(dir)...), "1970-01-01T00:00:00Z")
		out, err := w.Build(house.Flags(dir, "--build-arg", "SOURCE_DATE_EPOCH=yesterday")...)
		if err == nil {
			t.Fatalf("a bad SOURCE_DATE_EPOCH is not an error:\n%s", out)
		}
		house.Contains(t, out, `SOURCE_DATE_EPOCH "yesterday"`, "seconds since 1970")
	})
	t.Run("environment", func(t *testing.T) {
		h.Buildx.Env = append(h.Buildx.Env, "SOURCE_DATE_EPOCH=1700000001")
		name := h.Ways()[0].Image(t, h, "", house.Flags(dir)...)
		house.Want(t, "the time", house.Raw(t, h, name, "--config")["created"].(string), "2023-11-14T22:13:21Z")
		h.CLI.Env = append(h.CLI.Env, "SOURCE_DATE_EPOCH=1700000002")
		name = h.Ways()[1].Image(t, h, "", house.Flags(dir)...)
		house.Want(t, "the time", house.Raw(t, h, name, "--config")["created"].(string), "2023-11-14T22:13:22Z")
	})
}
