// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestSeveralPlatforms builds an index: commands run on their platform, under
// emulation where it isn't the machine's.
func TestSeveralPlatforms(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
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
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--platform", "linux/amd64,linux/arm64")...)
		layout := testenv.PullLayout(t, h.Registry, name)
		for arch, machine := range machines {
			layout.Validate(t, arch)
			root := layout.Unpack(t, arch)
			house.Want(t, "/arch", house.Read(t, root, "arch"), texts[arch]+"\n")
			house.Want(t, "/ran", house.Read(t, root, "ran"), machine)
			house.Want(t, "/changed", house.Read(t, root, "changed"), machine)
			house.Want(t, "/crossed", house.Read(t, root, "crossed"),
				strings.TrimSpace(machines[native])+" linux/"+arch+" linux "+arch+" "+native+" default\n")
			config := layout.Config(t, arch)
			house.Want(t, "the architecture", config.Architecture, arch)
			house.Want(t, "the label", config.Config.Labels["for"], arch+" on linux")
			house.Want(t, "the environment", config.Config.Env[len(config.Config.Env)-1], "ARCH="+texts[arch])
		}
	})
}

// TestForeignFiles builds files alone for platforms that nothing here can run.
func TestForeignFiles(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - files: [{dest: /arch, content: {s390x: s, linux/arm/v7: a7, arm: a, amd64: x}}]
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--platform", "linux/s390x,linux/arm/v7,linux/arm/v6")...)
		var seen []string
		for _, m := range house.Raw(t, h, name)["manifests"].([]any) {
			p := house.Dig(m, "platform").(map[string]any)
			text := p["architecture"].(string)
			if v, ok := p["variant"].(string); ok {
				text += "/" + v
			}
			seen = append(seen, text)
		}
		house.Want(t, "the index", strings.Join(seen, " "), "s390x arm/v7 arm/v6")
	})
}

// TestOnePlatform shows that one platform gives an image and no index, also
// when it isn't the machine's.
func TestOnePlatform(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: {base}\nlayers: [{build: {run: uname -m > $out/ran}}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--platform", "linux/arm64")...)
		if house.Raw(t, h, name)["layers"] == nil {
			t.Errorf("there is no manifest at %s", name)
		}
		house.Want(t, "the architecture", house.Raw(t, h, name, "--config")["architecture"].(string), "arm64")
	})
}

// TestMissingPlatform shows that a map that has nothing for the platform is an
// error at its line.
func TestMissingPlatform(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers:\n  - files: [{dest: /a, content: {arm64: a, ppc64le: p}}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		out, err := w.Build(house.Flags(dir, "--platform", "linux/amd64")...)
		if err == nil {
			t.Fatalf("a platform without a value is not an error:\n%s", out)
		}
		house.Contains(t, out, "strata.yaml:3", "linux/amd64", "arm64")
	})
}

// TestImageOfAnotherPlatform builds for a platform that an image isn't for: as a base
// it is an error at its line, whether the image is named by its tag or its digest, and
// an error of a check; elsewhere it is a warning.
func TestImageOfAnotherPlatform(t *testing.T) {
	h := house.New(t)
	only := testenv.BusyboxImage(t, h.Registry, "only:1", testenv.BusyboxTweaks{Only: "amd64", Config: func(c *v1.Config) { c.OnBuild = []string{"RUN make"} }})
	pinned := h.Registry.Host + "/only@" + h.Registry.Descriptor(t, "only:1").Digest.String()
	both := []string{"--platform", "linux/amd64,linux/arm64"}
	for _, base := range []string{only, pinned} {
		dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\n")
		const words = " is for linux/amd64, and the image that is built on it for linux/arm64; take a base"
		h.Each(t, func(t *testing.T, w house.Way) {
			out, err := w.Build(append(house.Flags(dir, both...), "-o", h.Pushed("index:lies"))...)
			if err == nil {
				t.Error("an image that isn't for the platform is not an error")
			}
			house.Contains(t, out, "strata.yaml:2:7: ", words, "from: "+base)
			// The failing platform may be planned before the other one warns.
			house.Contains(t, w.Must(t, append(house.Flags(dir, "--platform", "linux/amd64"), "-o", h.Pushed("index:lies"))...), `ONBUILD of `, `is not run: "RUN make"`)
		})
		for name, ask := range askers(h) {
			if _, all, failed := ask(t, dir, "check", both...); !failed || !strings.Contains(all, words) {
				t.Errorf("the check of %s does not fail:\n%s", name, all)
			}
		}
	}
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: {base}\nlayers:\n  - files: [{dest: /a, from: "+only+", source: /etc/passwd}]\n")
	const words = " is for linux/amd64, and what it is used for is for linux/arm64; say `platform: linux/amd64` if that is meant"
	h.Each(t, func(t *testing.T, w house.Way) { house.Contains(t, w.Must(t, house.Flags(dir, both...)...), words) })
	for name, ask := range askers(h) {
		if _, all, _ := ask(t, dir, "check", both...); !strings.Contains(all, words) {
			t.Errorf("the check of %s has no warning:\n%s", name, all)
		}
	}
}
