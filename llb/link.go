// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// link lowers links to what is in store paths: the step helper makes them where
// all of the closure can be looked into, and then puts them where the base's
// folders and links want them.
func (img *image) link(layer *plan.Layer, a *plan.Link, name string) (bk.State, error) {
	args := []string{"link", "--store", a.Dir, "--into", a.Into}
	opts := []bk.RunOption{img.at(layer.Range)}
	for i, store := range a.Stores {
		at := "/in/" + strconv.Itoa(i)
		args = append(args, "--mount", at)
		opts = append(opts, bk.AddMount(at, img.stores[store], bk.Readonly))
	}
	for _, root := range a.Roots {
		args = append(args, "--root", root)
	}
	st, err := img.helperStep(name, append(args, "/out"), opts...)
	if err == nil {
		st, err = img.placeTree(st, placeOptions{
			on: img.rooted, name: img.prefix(fmt.Sprintf("place what %s made", short(layer))), opts: []bk.RunOption{img.at(layer.Range)},
		})
	}
	if err != nil {
		return bk.State{}, &Fault{Range: layer.Range, Err: err}
	}
	return st, nil
}
