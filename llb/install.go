// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb/plan"
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

// addUnpacked puts unpacked packages on the image.
func (img *image) addUnpacked(layer *plan.Layer, a *plan.Unpack, name string) error {
	u, err := img.unpack(a, name, layer.Range)
	if err != nil {
		return &Fault{Range: layer.Range, Err: err}
	}
	img.packagesOn()
	img.packages.pending = append(img.packages.pending, u)
	img.add(u.tree, layer, name)
	img.ran, img.shipped = true, true
	return nil
}

// packagesOn notes, before the first packages, what they are put on.
func (img *image) packagesOn() {
	switch {
	case len(img.packages.pending) > 0:
	case img.Chain:
		img.packages.on = img.current()
	case img.packages.on.Output() == nil:
		img.packages.on = img.rooted
	}
}

// install lowers an Install layer.
func (img *image) install(layer *plan.Layer, a *plan.Install, name string) error {
	if a.Format != plan.Deb {
		return &Fault{Range: layer.Range, Err: fmt.Errorf("install %s archives: the format isn't supported", a.Format)}
	}
	args, opts, err := img.installer(layer, a)
	if err != nil {
		return &Fault{Range: layer.Range, Err: err}
	}
	img.packagesOn()
	p, err := platforms.Parse(img.plan.Platform)
	if err != nil {
		return fmt.Errorf("parse platform %q: %w", img.plan.Platform, err)
	}
	helper, err := img.helper(p.Architecture)
	if err != nil {
		return &Fault{Range: layer.Range, Err: err}
	}
	below := img.withPackages()
	run := below.Run(append([]bk.RunOption{
		bk.Args(append([]string{stepPath}, args...)),
		bk.Dir("/"),
		bk.Network(pb.NetMode_NONE),
		bk.Platform(p),
		bk.WithCustomName(name),
		img.at(layer.Range),
		helper,
		bk.AddMount(baseDir, img.packages.on, bk.Readonly, bk.ContentCache(bk.MountContentCacheOff)),
		bk.AddMount("/tmp", bk.Scratch(), bk.Tmpfs()),
	}, opts...)...)
	img.addInstalled(layer, below, run.Root())
	return nil
}

// installer is how the step helper is called, and what it is given.
func (img *image) installer(layer *plan.Layer, a *plan.Install) ([]string, []bk.RunOption, error) {
	switch a.Installer {
	case plan.Register:
		args := []string{"register-deb", "--base", baseDir, "--meta", metasDir, "--"}
		for _, archive := range a.Archives {
			args = append(args, archive.Name)
		}
		return args, metaMounts(img.packages.pending, metasDir), nil
	case plan.Native:
		args := []string{"native-deb", "--base", baseDir, "--"}
		for _, archive := range a.Archives {
			args = append(args, archivePath(archive, archivesDir, ".deb"))
		}
		return args, img.archiveMounts(a.Archives, archivesDir, ".deb", layer.Range), nil
	default:
		return nil, nil, fmt.Errorf("install packages: there is no installer %q", a.Installer)
	}
}

// withPackages is the image that packages are installed in. In a chain it is the
// image so far, where nothing can be left out.
func (img *image) withPackages() bk.State {
	if img.Chain {
		return img.current()
	}
	parts := []bk.State{img.packages.on}
	for _, u := range img.packages.pending {
		parts = append(parts, u.tree)
	}
	if img.packages.on.Output() == nil {
		parts = parts[1:]
	}
	return restart(bk.Merge(parts, bk.WithCustomName(img.prefix("merge the packages"))))
}

// addInstalled puts what installing changed on the image.
func (img *image) addInstalled(layer *plan.Layer, below, after bk.State) {
	img.ran, img.shipped = true, true
	img.packages.pending = nil
	if img.Chain {
		img.inputs = []bk.State{restart(after)}
		return
	}
	changes := bk.Diff(below, after, img.at(layer.Range), bk.WithCustomName(img.prefix("changes of "+short(layer))))
	img.inputs = append(img.inputs, changes)
	img.packages.on = restart(bk.Merge([]bk.State{below, changes}))
}
