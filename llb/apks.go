// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// skeletonDir is where a step finds the folders and links of the image.
const skeletonDir = "/skeleton"

// unpackAPKs unpacks packages of Alpine.
func unpackAPKs(ops *op.Maker, a *plan.Unpack, name string, r spec.Range, opts ...bk.RunOption) (unpacked, error) {
	const dir = "/d"
	args := []string{"unpack-apk"}
	if len(opts) > 0 {
		args = append(args, "--skeleton", skeletonDir)
	}
	opts = append(append(archiveMounts(ops, a.Archives, dir, ".apk", r), ops.At(r)), opts...)
	run, err := ops.Run(name, append(args, dir, "/out", "/meta"), opts...)
	if err != nil {
		return unpacked{}, err
	}
	return unpacked{
		trees: []bk.State{op.Restart(run.AddMount("/out", bk.Scratch()))},
		meta:  op.Restart(run.AddMount("/meta", bk.Scratch())),
	}, nil
}

// unpackOn is what unpacking must know of the image: where its folders lead, for
// packages that may be for an image whose /lib is a link as well as for one
// whose is none. Two bases with the same folders and links give the same layers.
func (img *image) unpackOn(a *plan.Unpack) ([]bk.RunOption, error) {
	if a.Format != "apk" {
		return nil, nil
	}
	skeleton, ok, err := place.Directories(img.ops, img.packages.on, img.plan.Range)
	if err != nil || !ok {
		return nil, err
	}
	return []bk.RunOption{bk.AddMount(skeletonDir, skeleton, bk.Readonly)}, nil
}

// installAPKs lowers an Install layer of packages of Alpine. The step helper
// writes the database itself, so it needs no tool of the image but a shell for
// the maintainer scripts.
func (img *image) installAPKs(layer *plan.Layer, a *plan.Install, name string) error {
	scripts := "run"
	switch {
	case a.SkipScripts:
		scripts = "skip"
	case a.Installer == plan.Assemble:
		scripts = "follow"
	}
	args := []string{"install-apk", "--meta", metasDir, "--scripts", scripts}
	for _, w := range a.Wanted {
		args = append(args, "--want", w)
	}
	opts := metaMounts(img.packages.pending, metasDir)
	if scripts == "run" {
		opts = append(opts, bk.AddMount("/tmp", bk.Scratch(), bk.Tmpfs()))
	}
	return img.runInstaller(layer, a, args, opts, name)
}
