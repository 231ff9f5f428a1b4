// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// manyBases has images by the platforms that are their tags, as os-arch-variant; the
// tag "silent" doesn't say, and "trigger" has ONBUILD. What was looked up before has the
// place of its first use.
type manyBases struct{ first map[string]plan.Tree }

func (b manyBases) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	if was, ok := b.first[t.Name+t.Platform]; ok {
		t = was
	}
	b.first[t.Name+t.Platform] = t
	img := &dockerspec.DockerOCIImage{}
	_, tag, _ := strings.Cut(t.Name, ":")
	switch {
	case t.Kind == plan.Context && !strings.HasPrefix(t.Name, "image"):
		return t, nil, nil
	case tag == "silent":
		return t, img, nil
	case tag == "trigger":
		img.Config.OnBuild = []string{"COPY . /app", "RUN make\x1b[31m"}
		return t, img, nil
	case t.Kind != plan.Registry:
		tag = "linux-amd64"
	}
	parts := append(strings.Split(tag, "-"), "", "")
	img.OS, img.Architecture, img.Variant = parts[0], parts[1], parts[2]
	return t, img, nil
}

// planFor plans a build file for a platform, and returns its warnings and error as
// one text.
func planFor(t *testing.T, platform, text string) string {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := platforms.Parse(platform)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	_, err = strategy.Plan(t.Context(), strategy.Request{
		Spec: s, Platform: p, BuildPlatform: platforms.MustParse("linux/amd64"), Bases: manyBases{map[string]plan.Tree{}},
		Warn: func(e *spec.Error) { said = append(said, e.Rule+" "+e.Error()) },
	})
	if err != nil {
		said = append(said, "error "+err.Error())
	}
	return strings.Join(said, "\n")
}

// TestPlatformOfBases uses images for platforms that they aren't for: as a base that
// is an error, and elsewhere a warning unless the platform was said.
func TestPlatformOfBases(t *testing.T) {
	const hint = "; say `platform: linux/amd64` if that is meant"
	for _, c := range []struct{ platform, text, want string }{
		{"linux/amd64", "from: x:linux-amd64\n", ""},
		{"linux/arm64", "from: x:linux-amd64\n", "error strata.yaml:1:7: the base docker.io/library/x:linux-amd64 is for linux/amd64, and the image that is built on it for linux/arm64; " +
			"take a base that is for linux/arm64, or build with --platform linux/amd64 alone"},
		{"linux/arm64", "from: context:image\n", "error strata.yaml:1:7: the base context:image is for linux/amd64, and"},
		{"linux/arm64", "from: context:files\n", ""},
		{"linux/arm64", "from: dockerfile:Dockerfile\n", "error strata.yaml:1:7: the base dockerfile:Dockerfile is for linux/amd64, and"},
		{"linux/arm64", "from: target:x\ntargets: {x: {from: x:linux-amd64}}\n", "error strata.yaml:2:21: the base"},
		{"linux/arm64", "from: x:silent\n", ""},
		{"linux/amd64", "from: x:windows-amd64\n", "error strata.yaml:1:7: the base docker.io/library/x:windows-amd64 is for windows/amd64, and"},
		{"linux/arm/v6", "from: x:linux-arm\n", ""},
		{"linux/arm/v7", "from: x:linux-arm-v6\n", ""},
		{"linux/arm/v6", "from: x:linux-arm-v7\n", "error strata.yaml:1:7: the base docker.io/library/x:linux-arm-v7 is for linux/arm/v7, and"},
		{"linux/arm64", "from: x:linux-arm-v7\n", "error strata.yaml:1:7: "},
		{"linux/amd64", "from: x:linux-386\n", "error strata.yaml:1:7: "},
		{
			"linux/arm64", "layers:\n  - files: [{dest: /a, from: x:linux-amd64, source: /a}]\n",
			"InvalidBaseImagePlatform strata.yaml:2:30: docker.io/library/x:linux-amd64 is for linux/amd64, and what it is used for is for linux/arm64" + hint,
		},
		{"linux/arm64", "layers:\n  - files: [{dest: /a, from: x:linux-amd64, source: /a, platform: linux/amd64}]\n", ""},
		{"linux/arm64", "layers:\n  - files: [{dest: /a, from: x:linux-amd64, source: /a, platform: $BUILDPLATFORM}]\n", ""},
		{"linux/arm64", "layers:\n  - files: [{dest: /a, from: target:x, source: /a, platform: $BUILDPLATFORM}]\ntargets: {x: {from: x:linux-amd64}}\n", ""},
		{"linux/arm64", "layers:\n  - files: [{dest: /a, from: target:x, source: /a}]\ntargets: {x: {from: x:linux-amd64, platform: linux/amd64}}\n", ""},
		{
			"linux/arm64", "layers:\n  - build: {from: target:x, run: make}\ntargets: {x: {from: x:linux-amd64, platform: linux/amd64}}\n",
			"InvalidBaseImagePlatform strata.yaml:2:19: target:x is for linux/amd64, and what it is used for is for linux/arm64" + hint,
		},
		{"linux/arm64", "layers:\n  - build: {from: target:x, platform: $BUILDPLATFORM, run: make}\ntargets: {x: {from: x:linux-amd64, platform: linux/amd64}}\n", ""},
		{"linux/arm64", "layers:\n  - files: [{dest: /a, from: dockerfile:Dockerfile, source: /a}]\n", "InvalidBaseImagePlatform strata.yaml:2:30: dockerfile:Dockerfile is for linux/amd64, and"},
		{"linux/arm64", "layers:\n  - build: {from: x:linux-amd64, run: make}\n", "InvalidBaseImagePlatform strata.yaml:2:19: "},
		{"linux/arm64", "layers:\n  - build: {from: x:linux-amd64, run: make, platform: $BUILDPLATFORM}\n", ""},
		{"linux/arm64", "layers:\n  - build: {from: x:linux-arm64, run: make, mounts: [{target: /m, from: x:linux-amd64}]}\n", "InvalidBaseImagePlatform strata.yaml:2:73: "},
		{"linux/arm64", "from: x:linux-arm64\nlayers:\n  - build: {run: make > $out/x, platform: $BUILDPLATFORM}\n", "InvalidBaseImagePlatform strata.yaml:1:7: "},
		{
			"linux/arm64", "layers:\n  - build: {from: x:linux-amd64, run: make}\n  - files: [{dest: /a, from: x:linux-amd64, source: /a}]\n",
			"InvalidBaseImagePlatform strata.yaml:2:19: docker.io/library/x:linux-amd64 is for linux/amd64, and what it is used for is for linux/arm64" + hint +
				"\nInvalidBaseImagePlatform strata.yaml:3:30: docker.io/library/x:linux-amd64 is for linux/amd64, and what it is used for is for linux/arm64" + hint,
		},
		{"linux/amd64", "from: x:trigger\n", "OnBuildIgnored strata.yaml:1:7: ONBUILD of docker.io/library/x:trigger is not run: \"COPY . /app\", \"RUN make\\x1b[31m\"; write layers that do it, or"},
		{"linux/amd64", "layers:\n  - build: {from: x:trigger, run: make}\n", "OnBuildIgnored strata.yaml:2:19: "},
		{"linux/amd64", "from: target:x\ntargets: {x: {config: {onbuild: [RUN x]}}}\n", "OnBuildIgnored strata.yaml:1:7: ONBUILD of target:x is not run: \"RUN x\""},
		{"linux/amd64", "layers:\n  - files: [{dest: /a, from: x:trigger, source: /a}]\n", ""},
	} {
		got := planFor(t, c.platform, c.text)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("for %s:\n%sgot  %s\nwant %s", c.platform, c.text, got, c.want)
		}
	}
}
