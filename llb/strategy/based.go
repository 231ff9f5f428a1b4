// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Rules that warnings of a plan are of.
const (
	// RulePlatform is about an image that is used for a platform it isn't for.
	RulePlatform = "InvalidBaseImagePlatform"
	// RuleOnBuild is about triggers of a base, which only a Dockerfile runs.
	RuleOnBuild = "OnBuildIgnored"
	// RuleNothingToRemove is about a null for what the base doesn't have.
	RuleNothingToRemove = "NothingToRemove"
	// RulePackages is about what was noticed when packages were chosen.
	RulePackages = "PackageChoice"
	// RuleTooManyLayers is about a target whose layers are joined.
	RuleTooManyLayers = "TooManyLayers"
	// RuleUndeclared is about a build argument that the build file doesn't declare.
	RuleUndeclared = "UndeclaredArg"
	// RuleUnlocked is about packages without a lock.
	RuleUnlocked = "UnlockedPackages"
	// RuleUnlockedSource is about an image, a url or a git reference that a lock doesn't
	// have.
	RuleUnlockedSource = "UnlockedSource"
	// RuleOut is about a command that ships $out and leaves nothing there.
	RuleOut = "NothingInOut"
)

// checkBase holds what a target is made from to the platform that it is made for: an
// index that names an image for a platform must have one.
func (t *Target) checkBase(from plan.Tree, img *dockerspec.DockerOCIImage) error {
	t.warnOnBuild(from, img)
	has, differs := differentPlatform(img, t.image.Platform)
	if !differs {
		return nil
	}
	hint := fmt.Sprintf("take a base that is for %s, or build with --platform %s alone", t.image.Platform, has)
	return t.read.errorf(from.Pos, "the base %s is for %s, and the image that is built on it for %s",
		treeName(from), has, t.image.Platform).WithHint(hint)
}

// checkUse warns of an image that isn't for the platform that it is wanted for, unless
// that was said.
func (t *Target) checkUse(in plan.Tree, img *dockerspec.DockerOCIImage) {
	if in.Chosen {
		return
	}
	if has, differs := differentPlatform(img, in.Platform); differs {
		t.pass.warn(RulePlatform, in.Pos, fmt.Sprintf("say `platform: %s` if that is meant", has),
			"%s is for %s, and what it is used for is for %s", treeName(in), has, in.Platform)
	}
}

// checkRun is checkUse of what a command runs in, on a platform: that its target is for
// another one doesn't let the command run there.
func checkRun(t *Target, in plan.Tree, img *dockerspec.DockerOCIImage, platform string) {
	if in.Kind == plan.Target {
		in.Platform, in.Chosen = platform, false
	}
	t.checkUse(in, img)
}

// warnOnBuild tells of the triggers of a base.
func (t *Target) warnOnBuild(from plan.Tree, img *dockerspec.DockerOCIImage) {
	if img == nil || len(img.Config.OnBuild) == 0 {
		return
	}
	triggers := make([]string, 0, len(img.Config.OnBuild))
	for _, trigger := range img.Config.OnBuild {
		triggers = append(triggers, fmt.Sprintf("%q", trigger))
	}
	hint := "write layers that do it, or a Dockerfile that begins with FROM and this base, and use it with `from: dockerfile:PATH`, which runs them"
	t.pass.warn(RuleOnBuild, from.Pos, hint, "ONBUILD of %s is not run: %s", treeName(from), plan.Few(triggers))
}

// warn tells of what is odd but no fault. The hint may be empty.
func (p *planner) warn(rule string, pos spec.Pos, hint, format string, args ...any) {
	e := p.req.Spec.Errorf(pos, format, args...).WithHint(hint)
	e.Rule = rule
	p.req.Warn(e)
}

// differentPlatform reports whether an image is for another platform than the wanted
// one, and for which. An older variant of an architecture runs on a newer one; an
// image that doesn't say is taken for what is wanted.
func differentPlatform(img *dockerspec.DockerOCIImage, wanted string) (has string, differs bool) {
	if img == nil || img.OS == "" && img.Architecture == "" {
		return "", false
	}
	want, err := platforms.Parse(wanted)
	if err != nil {
		return "", false
	}
	want = platforms.Normalize(want)
	have := platforms.Normalize(ocispecs.Platform{OS: img.OS, Architecture: img.Architecture, Variant: img.Variant})
	if img.OS == "" {
		have.OS = want.OS
	}
	if img.Architecture == "" {
		have.Architecture = want.Architecture
	}
	if img.Variant == "" && have.Architecture == want.Architecture {
		have.Variant = want.Variant
	}
	if have.Architecture == want.Architecture && have.OS == want.OS && (want.OS != "linux" || platforms.Only(want).Match(have)) {
		return "", false
	}
	return platforms.FormatAll(have), true
}

// treeName is a tree without the digest that it was pinned by.
func treeName(t plan.Tree) string {
	name, _, _ := strings.Cut(t.Words(), "@")
	return name
}
