// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// Link makes links to what is in store paths: the step helper makes them where all
// of the closure can be looked into, and then puts them where the image's
// directories and links want them. Where the image has some of the paths already, all
// of it is looked into. On an image that isn't empty, report has what they replace
// there, as that of [place.Report]. trees are what [Unpacker.Unpack] made of the
// layers that hold the paths.
func Link(on place.Base, layer *plan.Layer, a *plan.Link, trees map[*plan.Store]bk.State, name string) (tree, report bk.State, err error) {
	c := call.Link{Store: a.Dir, Into: a.Into, Roots: a.Roots, Out: "/out"}
	at := on.Ops.At(layer.Range)
	opts := []bk.RunOption{at}
	for i, store := range a.Stores {
		dir := "/in/" + strconv.Itoa(i)
		c.Mounts = append(c.Mounts, dir)
		opts = append(opts, bk.AddMount(dir, trees[store], bk.Readonly))
	}
	if a.Image {
		dir := "/in/" + strconv.Itoa(len(a.Stores))
		c.Mounts = append(c.Mounts, dir)
		opts = append(opts, bk.AddMount(dir, on.Current(), bk.Readonly))
	}
	st, err := on.Ops.Tree(name, c.Args(), opts...)
	if err != nil {
		return tree, report, err
	}
	step := place.Step{On: on.Ground(), Above: true, Name: on.Ops.Name(fmt.Sprintf("place what %s made", layer.Short())), Opts: []bk.RunOption{at}}
	if step.On.Output() == nil {
		tree, err = place.InStep(on, st, step)
		return tree, report, err
	}
	return place.Report(on, st, step)
}
