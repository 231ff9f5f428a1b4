// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

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

// TestImageOfAnotherPlatform builds for a platform that an image isn't for: as a base
// it is an error at its line, whether the image is named by its tag or its digest, and
// an error of a check; elsewhere it is a warning.
func TestImageOfAnotherPlatform(t *testing.T) {
	h := newHouse(t)
	only := testenv.BusyboxImage(t, h.registry, "only:1", testenv.BusyboxTweaks{Only: "amd64", Config: func(c *v1.Config) { c.OnBuild = []string{"RUN make"} }})
	pinned := h.registry.Host + "/only@" + h.registry.Descriptor(t, "only:1").Digest.String()
	both := []string{"--platform", "linux/amd64,linux/arm64"}
	for _, base := range []string{only, pinned} {
		dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\n")
		const words = " is for linux/amd64, and the image that is built on it for linux/arm64; take a base"
		h.each(t, func(t *testing.T, w way) {
			out, err := w.build(append(flags(dir, both...), "-o", h.pushed("index:lies"))...)
			if err == nil {
				t.Error("an image that isn't for the platform is not an error")
			}
			contains(t, out, "strata.yaml:2:7: ", words, "from: "+base)
			// The failing platform may be planned before the other one warns.
			contains(t, w.must(t, append(flags(dir, "--platform", "linux/amd64"), "-o", h.pushed("index:lies"))...), `ONBUILD of `, `is not run: "RUN make"`)
		})
		for name, ask := range h.askers() {
			if _, all, failed := ask(t, dir, "check", both...); !failed || !strings.Contains(all, words) {
				t.Errorf("the check of %s does not fail:\n%s", name, all)
			}
		}
	}
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: {base}\nlayers:\n  - files: [{dest: /a, from: "+only+", source: /etc/passwd}]\n")
	const words = " is for linux/amd64, and what it is used for is for linux/arm64; say `platform: linux/amd64` if that is meant"
	h.each(t, func(t *testing.T, w way) { contains(t, w.must(t, flags(dir, both...)...), words) })
	for name, ask := range h.askers() {
		if _, all, _ := ask(t, dir, "check", both...); !strings.Contains(all, words) {
			t.Errorf("the check of %s has no warning:\n%s", name, all)
		}
	}
}
