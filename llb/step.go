// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
)

// stepPath is where a step finds the helper. /dev is in memory there, so the
// mount point leaves nothing behind.
const stepPath = "/dev/.strata/step"

// WithoutHelper takes the step helper out of a message of BuildKit that quotes a
// command, so that it quotes the command of the build file, or says what the step
// is for if the build file has none.
func WithoutHelper(message string) string {
	for _, verb := range []string{"run", "exec"} {
		before, after, ok := strings.Cut(message, stepPath+" "+verb+" ")
		if !ok {
			continue
		}
		if _, command, ok := strings.Cut(after, "-- "); ok {
			message = before + command
		}
	}
	for _, step := range packageSteps() {
		before, after, ok := strings.Cut(message, `process "`+stepPath+" "+step.verb+" ")
		if !ok {
			continue
		}
		if _, status, ok := strings.Cut(after, `" did not complete successfully: `); ok {
			message = before + step.words + ": " + status + "; the step's last lines say why"
		}
	}
	return message
}

// packageSteps are the subcommands of the helper that aren't around a command of
// the build file, and what they do.
func packageSteps() []struct{ verb, words string } {
	return []struct{ verb, words string }{
		{"unpack-deb", "unpack packages"},
		{"check-deb", "look how packages get into the base"},
		{"register-deb", "install packages"},
		{"native-deb", "install packages"},
		{"assemble-deb", "install packages without running anything"},
	}
}

// ErrNoStep says that a step helper is needed and there is none.
var ErrNoStep = errors.New("there is no step helper")

// helper mounts the step helper for an architecture.
func (l *lowering) helper(arch string) (bk.RunOption, error) {
	if l.Step == nil {
		return nil, ErrNoStep
	}
	st, file, err := l.Step(arch)
	if err != nil {
		return nil, fmt.Errorf("find the step helper for %s: %w", arch, err)
	}
	return bk.AddMount(stepPath, st, bk.SourcePath(file), bk.Readonly), nil
}

// buildPlatform is where the step helper runs.
func (l *lowering) buildPlatform() ocispecs.Platform {
	if l.BuildPlatform.Architecture == "" {
		return platforms.Normalize(platforms.DefaultSpec())
	}
	return l.BuildPlatform
}

// helperStep runs the step helper on the build platform, offline, on an empty
// root, and returns what it wrote to /out.
func (l *lowering) helperStep(name string, args []string, opts ...bk.RunOption) (bk.State, error) {
	run, err := l.helperRun(name, args, opts...)
	if err != nil {
		return bk.State{}, err
	}
	return restart(run.AddMount("/out", bk.Scratch())), nil
}

// skeleton is what a layer on top of the image must respect of it, as a state of
// folders and links. Bases with the same peculiarities give the same bytes, so
// that a new base re-runs nothing that only needs this. The base itself isn't
// hashed for it: that takes longer than to look.
func (img *image) skeleton(of bk.State) (bk.State, bool, error) {
	if of.Output() == nil {
		return bk.State{}, false, nil
	}
	st, err := img.helperStep("[internal] look at the base's folders", []string{"skeleton", "/in", "/out"},
		bk.AddMount("/in", of, bk.Readonly, bk.ContentCache(bk.MountContentCacheOff)), img.at(img.plan.Range))
	return st, true, err
}

// placeOptions say how the step helper puts a tree on the image.
type placeOptions struct {
	// on is the image, or the part of it, whose folders and links count.
	on bk.State
	// from is the folder of the tree that counts as its root; empty for all of it.
	from string
	// owner owns what ships; nil keeps the tree's owners if keepOwners is set, and
	// is root:root otherwise.
	owner      *plan.Owner
	keepOwners bool
	// chown are owners of single paths.
	chown map[string]plan.Owner
	// keep are folders whose mode and owner the tree decides.
	keep []string
	name string
	opts []bk.RunOption
}

// placeTree lets the step helper make a tree fit for the image.
func (img *image) placeTree(st bk.State, o placeOptions) (bk.State, error) {
	args := []string{"place"}
	opts := append([]bk.RunOption{bk.AddMount("/in", st, bk.Readonly)}, o.opts...)
	skeleton, ok, err := img.skeleton(o.on)
	if err != nil {
		return bk.State{}, err
	}
	if ok {
		args = append(args, "--skeleton", "/skeleton")
		opts = append(opts, bk.AddMount("/skeleton", skeleton, bk.Readonly))
	}
	if o.needsAccounts() {
		args = append(args, "--users", "/users")
		opts = append(opts, bk.AddMount("/users", accounts(img.current()), bk.Readonly))
	}
	if o.from != "" {
		args = append(args, "--from", o.from)
	}
	if o.keepOwners {
		args = append(args, "--preserve-owner")
	}
	if o.owner != nil {
		args = append(args, "--owner", ownerText(*o.owner))
	}
	for _, p := range o.keep {
		args = append(args, "--keep", p)
	}
	for _, p := range sortedKeys(o.chown) {
		args = append(args, "--chown", p+"="+ownerText(o.chown[p]))
	}
	return img.helperStep(o.name, append(args, "/in", "/out"), opts...)
}

// needsAccounts tells whether an owner is given by name.
func (o placeOptions) needsAccounts() bool {
	if o.owner != nil && isNamed(*o.owner) {
		return true
	}
	for _, owner := range o.chown {
		if isNamed(owner) {
			return true
		}
	}
	return false
}

// isNamed tells whether an owner must be looked up.
func isNamed(o plan.Owner) bool {
	return !isNumber(o.User) || o.Group != "" && !isNumber(o.Group)
}

func ownerText(o plan.Owner) string {
	if o.Group == "" {
		return o.User
	}
	return o.User + ":" + o.Group
}
