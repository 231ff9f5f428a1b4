// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// stack is the trees of an image on top of each other.
type stack struct {
	ops *op.Maker
	// lines are those of the image.
	lines spec.Range
	// chain copies each tree onto the ones before, where BuildKit has no MergeOp.
	chain bool
	// inputs are the base and the layers made until now.
	inputs []layerTree
	// seen are the inputs as the next command in place finds them: the last such
	// command's whole result instead of the base and each change. It also has the mount
	// points of the commands. nil as long as it is the same.
	//
	// BuildKit looks for a change's blob in all that it was made on, again and again: if
	// each command stood on the changes before it, that would take twice as long for
	// each further command.
	seen []layerTree
	// under and top are, in a chain, the image below the last layer and the trees
	// that share that layer.
	under bk.State
	top   []layerTree
}

// A layerTree is a layer's tree.
type layerTree struct {
	bk.State
	// timed says that its files have times of their own, which a copy keeps.
	timed bool
}

// state is the image with the layers made until now.
func (s *stack) state() bk.State { return s.merged(s.inputs) }

// view is the image as the next command in place finds it.
func (s *stack) view() bk.State {
	if s.seen == nil {
		return s.state()
	}
	return s.merged(s.seen)
}

func (s *stack) merged(inputs []layerTree) bk.State {
	states := make([]bk.State, len(inputs))
	for i, tree := range inputs {
		states[i] = tree.State
	}
	return op.Restart(bk.Merge(states, bk.WithCustomName(s.ops.Name("merge the layers")), s.ops.At(s.lines)))
}

// join puts trees on top of each other, two or more.
func (s *stack) join(trees []bk.State) bk.State {
	named := bk.WithCustomName("[internal] put trees on each other")
	if !s.chain {
		return op.Restart(bk.Merge(trees, named))
	}
	var fa *bk.FileAction
	for _, st := range trees[1:] {
		fa = overlayTree(layerTree{State: st}, fa)
	}
	return op.Restart(trees[0].File(fa, named))
}

// add puts a tree of its own on top of the image. The base stays the first input
// of the merge, untouched, so that its layers keep their digests.
func (s *stack) add(st bk.State, layer *plan.Layer, name string) {
	n := len(s.inputs)
	at := s.ops.At(layer.Range)
	tree := layerTree{State: st, timed: layer.Action.KeepsTimes()}
	switch {
	case s.chain:
		s.addCopy(tree, layer.Fold, name, at)
	case layer.Fold && n > 0:
		s.inputs[n-1] = joined(s.inputs[n-1], tree, name, at)
		s.see(tree)
	default:
		s.inputs = append(s.inputs, tree)
		s.see(tree)
	}
}

// see puts a tree on top of what commands find.
func (s *stack) see(tree layerTree) {
	if s.seen != nil {
		s.seen = append(s.seen, tree)
	}
}

// addCopy copies a tree onto the image so far, or into the layer before where the
// two share one.
func (s *stack) addCopy(tree layerTree, fold bool, name string, at bk.ConstraintsOpt) {
	if !fold {
		s.under, s.top = s.state(), nil
	}
	s.top = append(s.top, tree)
	if s.under.Output() == nil && len(s.top) == 1 {
		s.inputs = []layerTree{tree}
		return
	}
	var fa *bk.FileAction
	for _, tree := range s.top {
		fa = overlayTree(tree, fa)
	}
	s.inputs = []layerTree{{State: op.Restart(s.under.File(fa, bk.WithCustomName(name), at))}}
}

// change puts on top of the image what a step changed in it; in a chain, that is
// the step's result itself.
func (s *stack) change(st bk.State) {
	if s.chain {
		s.inputs = []layerTree{{State: op.Restart(st)}}
		return
	}
	tree := layerTree{State: st}
	s.inputs = append(s.inputs, tree)
	s.see(tree)
}

// replace is change by a command that ran on the view; after is its whole result.
func (s *stack) replace(changes, after bk.State) {
	s.change(changes)
	if !s.chain {
		s.seen = []layerTree{{State: op.Restart(after)}}
	}
}

// joined is two layers as one. Each has the times that it has alone.
func joined(a, b layerTree, name string, at bk.ConstraintsOpt) layerTree {
	st := bk.Scratch().File(overlayTree(b, overlayTree(a, nil)), bk.WithCustomName(name), at)
	return layerTree{State: st, timed: a.timed || b.timed}
}

// overlayTree copies a whole tree over what is there; what it replaces may be of
// another type.
func overlayTree(st layerTree, before *bk.FileAction) *bk.FileAction {
	info := &bk.CopyInfo{
		CopyDirContentsOnly:            true,
		AlwaysReplaceExistingDestPaths: true,
	}
	if !st.timed {
		info.CreatedTime = new(op.FileTime())
	}
	return op.Then(before).Copy(st.State, "/", "/", info)
}
