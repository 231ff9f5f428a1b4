// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestSeveralPlatforms builds an index: commands run on their platform, under
// emulation where it isn't the machine's.
func TestSeveralPlatforms(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - files: [{dest: /arch, source: {amd64: for-x86, linux/arm64: for-arm}}]
  - build: {run: uname -m > $out/ran}
  - build: {run: uname -m > /changed}
  - build:
      platform: $BUILDPLATFORM
      run: echo $(uname -m) $TARGETPLATFORM $TARGETOS $TARGETARCH$TARGETVARIANT $BUILDARCH $TARGETSTAGE > $out/crossed
config:
  labels: {for: "$TARGETARCH on $BUILDOS"}
  env: {ARCH: {amd64: x86, arm64: arm}}
-- for-x86 --
x86
-- for-arm --
arm
`)
	machines := map[string]string{"amd64": "x86_64\n", "arm64": "aarch64\n"}
	texts := map[string]string{"amd64": "x86", "arm64": "arm"}
	native := runtime.GOARCH
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir, "--platform", "linux/amd64,linux/arm64")...)
		layout := testenv.PullLayout(t, h.registry, name)
		for arch, machine := range machines {
			layout.Validate(t, arch)
			root := layout.Unpack(t, arch)
			want(t, "/arch", read(t, root, "arch"), texts[arch]+"\n")
			want(t, "/ran", read(t, root, "ran"), machine)
			want(t, "/changed", read(t, root, "changed"), machine)
			want(t, "/crossed", read(t, root, "crossed"),
				strings.TrimSpace(machines[native])+" linux/"+arch+" linux "+arch+" "+native+" default\n")
			config := layout.Config(t, arch)
			want(t, "the architecture", config.Architecture, arch)
			want(t, "the label", config.Config.Labels["for"], arch+" on linux")
			want(t, "the environment", config.Config.Env[len(config.Config.Env)-1], "ARCH="+texts[arch])
		}
	})
}

// TestForeignFiles builds files alone for platforms that nothing here can run.
func TestForeignFiles(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /arch, content: {s390x: s, linux/arm/v7: a7, arm: a, amd64: x}}]
`)
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir, "--platform", "linux/s390x,linux/arm/v7,linux/arm/v6")...)
		var seen []string
		for _, m := range raw(t, h, name)["manifests"].([]any) {
			p := dig(m, "platform").(map[string]any)
			text := p["architecture"].(string)
			if v, ok := p["variant"].(string); ok {
				text += "/" + v
			}
			seen = append(seen, text)
		}
		want(t, "the index", strings.Join(seen, " "), "s390x arm/v7 arm/v6")
	})
}

// TestOnePlatform shows that one platform gives an image and no index, also
// when it isn't the machine's.
func TestOnePlatform(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: {base}\nlayers: [{build: {run: uname -m > $out/ran}}]\n")
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir, "--platform", "linux/arm64")...)
		if raw(t, h, name)["layers"] == nil {
			t.Errorf("there is no manifest at %s", name)
		}
		want(t, "the architecture", raw(t, h, name, "--config")["architecture"].(string), "arm64")
	})
}

// TestMissingPlatform shows that a map that has nothing for the platform is an
// error at its line.
func TestMissingPlatform(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - files: [{dest: /a, content: {arm64: a, ppc64le: p}}]\n")
	h.each(t, func(t *testing.T, w way) {
		out, err := w.build(flags(dir, "--platform", "linux/amd64")...)
		if err == nil {
			t.Fatalf("a platform without a value is not an error:\n%s", out)
		}
		contains(t, out, "strata.yaml:3", "linux/amd64", "arm64")
	})
}
