// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Where an installing step finds what it needs. /dev is in memory there, so the
// mount points leave nothing behind.
const (
	archivesDir = "/dev/.strata/d"
	metasDir    = "/dev/.strata/meta"
	baseDir     = "/dev/.strata/base"
)

// packages are those of an image while its layers are put on.
type packages struct {
	// on is what they are put on: the base, or the image after the last command
	// that changed it in place, and the packages installed before. Layers of files
	// and of $out are no part of it.
	on bk.State
	// pending are unpacked and not installed.
	pending []unpacked
}

// addUnpacked puts unpacked packages on the image: with the first of their layers
// they are unpacked, and the others are further parts of the same.
func (img *image) addUnpacked(ctx context.Context, made plan.Made, a *plan.Unpack, name string) error {
	if made.Part == 0 {
		img.hide(a.Hides)
		img.packagesOn()
		u, err := img.unpack(ctx, a, name, made.Range)
		if err != nil {
			return &plan.Fault{Range: made.Range, Err: err}
		}
		img.packages.pending = append(img.packages.pending, u)
		img.addPackages(made.Layer, u.trees...)
	}
	last := img.packages.pending[len(img.packages.pending)-1]
	img.stack.add(last.trees[made.Part], made.Layer, name)
	img.skeleton.Ship(true, last.trees[made.Part])
	return nil
}

// unpack lowers an Unpack layer. Some packages are for an image whose /lib is a link
// as well as for one whose is none: they are unpacked where the image's directories
// lead. Two bases with the same directories and links give the same layers.
func (img *image) unpack(ctx context.Context, a *plan.Unpack, name string, r spec.Range) (unpacked, error) {
	s, err := findSystem(img.lowering.opt.Systems, a.Format)
	if err != nil {
		return unpacked{}, err
	}
	if !s.facts.FollowsLinks {
		return img.fetcher().unpack(ctx, s, a, name, r)
	}
	skeleton, ok, err := place.Directories(img.ops, img.packages.on, img.plan.Range)
	if err != nil {
		return unpacked{}, err
	}
	if !ok {
		return img.fetcher().unpack(ctx, s, a, name, r)
	}
	return img.fetcher().unpack(ctx, s, a, name, r, skeleton)
}

// packagesOn notes, before the first packages, what they are put on.
func (img *image) packagesOn() {
	switch {
	case len(img.packages.pending) > 0:
	case img.stack.chain:
		img.packages.on = img.stack.state()
	case img.packages.on.Output() == nil:
		img.packages.on = img.skeleton.Root()
	}
}

// install lowers an Install layer: the step helper runs in the image with the
// unpacked packages.
func (img *image) install(ctx context.Context, layer *plan.Layer, a *plan.Install, name string) error {
	img.hide(a.Hides)
	run, below, err := img.installStep(ctx, layer, a, name)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.addInstalled(layer, below, run.Root())
	return nil
}

func (img *image) installStep(ctx context.Context, layer *plan.Layer, a *plan.Install, name string) (run bk.ExecState, below bk.State, err error) {
	s, err := findSystem(img.lowering.opt.Systems, a.Format)
	if err != nil {
		return run, below, err
	}
	ask := distro.Install{Installer: a.Installer, SkipScripts: a.SkipScripts, AllowHeld: a.AllowHeld, KeepConffiles: a.KeepConffiles, Names: a.Wanted, Files: a.Files, Base: baseDir, Metas: metasDir}
	for _, archive := range a.Archives {
		ask.Archives = append(ask.Archives, archivePath(archive, archivesDir, s.facts.Type))
	}
	if a.Accounts != nil {
		ask.Accounts = img.skeleton.Entries(a.Accounts)
	}
	ask.Expected = expected(a.Archives, s.facts.Type)
	step, err := s.steps.Install(ask)
	if err != nil {
		return run, below, err
	}
	img.packagesOn()
	p, err := img.installPlatform(step)
	if err != nil {
		return run, below, err
	}
	helper, err := img.ops.Helper(p.Architecture)
	if err != nil {
		return run, below, err
	}
	mounts, err := img.installMounts(ctx, layer, a, s, step)
	if err != nil {
		return run, below, err
	}
	below = img.withPackages(a)
	run = below.Run(append([]bk.RunOption{
		bk.Args(append([]string{op.HelperPath}, step.Args...)),
		bk.Dir("/"),
		bk.Network(pb.NetMode_NONE),
		bk.Platform(p),
		bk.WithCustomName(name),
		img.ops.At(layer.Range),
		helper,
	}, mounts...)...)
	return run, below, nil
}

// installPlatform is where installing runs: on the image's platform if it runs
// the image's programs.
func (img *image) installPlatform(step *distro.InstallStep) (ocispecs.Platform, error) {
	if !step.RunsImage {
		return img.ops.Platform(), nil
	}
	p, err := platforms.Parse(img.plan.Platform)
	if err != nil {
		return ocispecs.Platform{}, fmt.Errorf("parse platform %q: %w", img.plan.Platform, err)
	}
	return p, nil
}

// installMounts are what a step that installs packages needs.
func (img *image) installMounts(ctx context.Context, layer *plan.Layer, a *plan.Install, s *system, step *distro.InstallStep) ([]bk.RunOption, error) {
	var opts []bk.RunOption
	if step.NeedsMetas {
		opts = append(opts, metaMounts(img.packages.pending, metasDir)...)
	}
	if step.NeedsArchives {
		archives, err := img.fetcher().mounts(ctx, a.Archives, archivesDir, s.facts.Type, layer.Range)
		if err != nil {
			return nil, err
		}
		opts = append(opts, archives...)
	}
	if step.NeedsBase {
		opts = append(opts, img.ops.Base(baseDir, img.packages.on))
	}
	for _, dir := range step.Memory {
		opts = append(opts, bk.AddMount(dir, bk.Scratch(), bk.Tmpfs()))
	}
	return opts, nil
}

// fetcher gives the image's steps their archives.
func (img *image) fetcher() fetcher { return fetcher{img.ops, img.lowering.tree, img.packages.on} }

// withPackages is the image that packages are installed in. In a chain it is the
// image so far, where nothing can be left out.
func (img *image) withPackages(a *plan.Install) bk.State {
	below := img.stack.state()
	if !img.stack.chain {
		below = img.mergedPackages()
	}
	if a.Installer != plan.Assemble && (img.stack.chain || len(img.packages.pending) > 0) {
		return below
	}
	// Without a base no one else has made what every step mounts. And when the step
	// ran on the base itself, BuildKit would take the image, should a build stand on
	// it later, for the changes alone.
	return op.MountPoints(below, op.KernelDirs())
}

func (img *image) mergedPackages() bk.State {
	parts := []bk.State{img.packages.on}
	for _, u := range img.packages.pending {
		parts = append(parts, u.trees...)
	}
	if img.packages.on.Output() == nil {
		parts = parts[1:]
	}
	return op.Restart(bk.Merge(parts, bk.WithCustomName(img.ops.Name("merge the packages"))))
}

// addInstalled puts what installing changed on the image.
func (img *image) addInstalled(layer *plan.Layer, below, after bk.State) {
	img.packages.pending = nil
	if img.stack.chain {
		img.skeleton.ShipWhole(op.Restart(after))
		img.stack.change(after)
		return
	}
	changes := bk.Diff(below, after, img.ops.At(layer.Range), bk.WithCustomName(img.ops.Name("changes of "+layer.Short())))
	img.changed = append(img.changed, Shipped{Layer: layer, State: changes})
	img.addPackages(layer, changes)
	img.skeleton.Ship(true, changes)
	img.stack.change(changes)
	img.packages.on = op.Restart(bk.Merge([]bk.State{below, changes}))
}
