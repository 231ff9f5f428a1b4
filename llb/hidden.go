// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"maps"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// Hidden is a tree below packages that may have one of their configuration files, too.
type Hidden struct {
	Shipped
	// By are these files, each with the name of its package.
	By map[string]string
}

// hide notes which trees packages that are put on now may hide something of. Entries of
// files layers that aren't opaque were looked at when the plan was made.
func (img *image) hide(files map[string]string) {
	if len(files) == 0 {
		return
	}
	for _, tree := range img.put {
		a, ok := tree.Layer.Action.(*plan.Files)
		if !ok || slices.ContainsFunc(a.Entries, func(e plan.Entry) bool { return e.IsOpaque() }) {
			img.lowering.hidden = append(img.lowering.hidden, Hidden{tree, files})
		}
	}
}

// Search looks for the files in the tree.
func (h *Hidden) Search() Search {
	return Search{Tree: h.State, Patterns: exactly(slices.Sorted(maps.Keys(h.By)))}
}

// exactly are .dockerignore patterns of paths.
func exactly(paths []string) []string {
	patterns := make([]string, 0, len(paths))
	for _, p := range paths {
		patterns = append(patterns, strings.TrimPrefix(plan.Exactly(p), "/"))
	}
	return patterns
}

// keep puts what files layers and commands put below the packages over them once more.
func (img *image) keep(layer *plan.Layer, a *plan.Keep, name string) error {
	patterns := exactly(a.Paths)
	parts := make([]part, len(img.put))
	for i, tree := range img.put {
		parts[i] = part{tree: tree.State, dest: "/", patterns: patterns, over: true}
	}
	st, err := place.InStep(img.placeBase(), pick("[internal] find what is kept", parts...), place.Step{
		On: img.stack.state(), KeepOwners: true, Name: name, Opts: []bk.RunOption{img.ops.At(layer.Range)},
	})
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.stack.add(st, layer, name)
	img.skeleton.Ship(true, st)
	return nil
}
