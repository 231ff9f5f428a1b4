// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/op"
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
	if a.Part > 0 {
		return img.addPart(layer, a, name)
	}
	img.packagesOn()
	opts, err := img.unpackOn(a)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	u, err := unpack(img.ops, a, name, layer.Range, opts...)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.packages.pending = append(img.packages.pending, u)
	img.stack.add(u.trees[0], layer, name)
	img.skeleton.Ship(true)
	return nil
}

// addPart puts a further part of the packages that were unpacked last on the image.
func (img *image) addPart(layer *plan.Layer, a *plan.Unpack, name string) error {
	n := len(img.packages.pending)
	if n == 0 || a.Part >= len(img.packages.pending[n-1].trees) {
		return &plan.Fault{Range: layer.Range, Err: fmt.Errorf("unpack packages: there is no part %d", a.Part+1)}
	}
	img.stack.add(img.packages.pending[n-1].trees[a.Part], layer, name)
	return nil
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

// install lowers an Install layer.
func (img *image) install(layer *plan.Layer, a *plan.Install, name string) error {
	if a.Format == "apk" {
		return img.installAPKs(layer, a, name)
	}
	if a.Format != "deb" {
		return &plan.Fault{Range: layer.Range, Err: fmt.Errorf("install %s archives: the format isn't supported", a.Format)}
	}
	args, opts, err := img.installer(layer, a)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	return img.runInstaller(layer, a, args, opts, name)
}

// runInstaller runs the step helper in the image with the unpacked packages.
func (img *image) runInstaller(layer *plan.Layer, a *plan.Install, args []string, opts []bk.RunOption, name string) error {
	img.packagesOn()
	p, err := img.installPlatform(a)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	helper, err := img.ops.Helper(p.Architecture)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	below := img.withPackages(a)
	run := below.Run(append([]bk.RunOption{
		bk.Args(append([]string{op.HelperPath}, args...)),
		bk.Dir("/"),
		bk.Network(pb.NetMode_NONE),
		bk.Platform(p),
		bk.WithCustomName(name),
		img.ops.At(layer.Range),
		helper,
	}, opts...)...)
	img.addInstalled(layer, below, run.Root())
	return nil
}

// installPlatform is where installing runs: on the image's platform if it runs
// the image's programs.
func (img *image) installPlatform(a *plan.Install) (ocispecs.Platform, error) {
	if a.Installer == plan.Assemble || a.Format == "apk" && a.SkipScripts {
		return img.ops.Platform(), nil
	}
	p, err := platforms.Parse(img.plan.Platform)
	if err != nil {
		return ocispecs.Platform{}, fmt.Errorf("parse platform %q: %w", img.plan.Platform, err)
	}
	return p, nil
}

// installer is how the step helper is called, and what it is given.
func (img *image) installer(layer *plan.Layer, a *plan.Install) ([]string, []bk.RunOption, error) {
	switch a.Installer {
	case plan.Register:
		args := []string{"register-deb", "--base", baseDir, "--meta", metasDir}
		return args, append(metaMounts(img.packages.pending, metasDir), img.toolMounts()...), nil
	case plan.Assemble:
		args := []string{"assemble-deb", "--meta", metasDir}
		if a.SkipScripts {
			args = append(args, "--skip-scripts")
		}
		return args, metaMounts(img.packages.pending, metasDir), nil
	case plan.Native:
		args := []string{"native-deb", "--base", baseDir, "--"}
		for _, archive := range a.Archives {
			args = append(args, archivePath(archive, archivesDir, ".deb"))
		}
		return args, append(archiveMounts(img.ops, a.Archives, archivesDir, ".deb", layer.Range), img.toolMounts()...), nil
	default:
		return nil, nil, fmt.Errorf("install packages: there is no installer %q", a.Installer)
	}
}

// updatesDir is where dpkg notes down what it does to its database, until it writes
// that anew. It waits for the disk at each note, of which none is left at its end.
const updatesDir = "/var/lib/dpkg/updates"

// toolMounts are what the image's own tools need: the image as it was before, and
// somewhere to write what isn't kept, in memory.
func (img *image) toolMounts() []bk.RunOption {
	return []bk.RunOption{
		bk.AddMount(baseDir, img.packages.on, bk.Readonly, bk.ContentCache(bk.MountContentCacheOff)),
		bk.AddMount("/tmp", bk.Scratch(), bk.Tmpfs()),
		bk.AddMount(updatesDir, bk.Scratch(), bk.Tmpfs()),
	}
}

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
	// Without a base nobody else has made what every step mounts. And when the step
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
	img.skeleton.Ship(true)
	img.packages.pending = nil
	if img.stack.chain {
		img.stack.change(after)
		return
	}
	changes := bk.Diff(below, after, img.ops.At(layer.Range), bk.WithCustomName(img.ops.Name("changes of "+layer.Short())))
	img.stack.change(changes)
	img.packages.on = op.Restart(bk.Merge([]bk.State{below, changes}))
}
