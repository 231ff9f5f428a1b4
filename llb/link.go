// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// link puts on links to what is in store paths: the step helper makes them where
// all of the closure can be looked into, and then puts them where the base's
// directories and links want them.
func (img *image) link(layer *plan.Layer, a *plan.Link, name string) error {
	args := []string{"link", "--store", a.Dir, "--into", a.Into}
	at := img.ops.At(layer.Range)
	opts := []bk.RunOption{at}
	for i, store := range a.Stores {
		dir := "/in/" + strconv.Itoa(i)
		args = append(args, "--mount", dir)
		opts = append(opts, bk.AddMount(dir, img.stores[store], bk.Readonly))
	}
	for _, root := range a.Roots {
		args = append(args, "--root", root)
	}
	st, err := img.ops.Tree(name, append(args, "/out"), opts...)
	if err == nil {
		st, err = place.InStep(img.placeBase(), st, place.Step{
			On: img.skeleton.Root(), Name: img.ops.Name(fmt.Sprintf("place what %s made", short(layer))), Opts: []bk.RunOption{at},
		})
	}
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.stack.add(st, layer, name)
	img.skeleton.Ship(false)
	return nil
}
