// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package place makes layers of files that are put on an image they don't
// contain.
//
// A directory that is merged replaces what is at its path below: a link such as
// /bin -> usr/bin, or the mode of /tmp. So a layer must follow the directories
// and links of the image, its skeleton. Either BuildKit is asked for them while
// the graph is made, and the layer is one file operation; or, where only running
// a command tells what they are, the step helper puts the files in place.
package place

import (
	"context"
	"sync"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Placer makes the files layers of a plan.
type Placer struct {
	prober Prober
	find   op.Trees
	// trees are the directory trees made so far: layers often share one.
	trees map[string]bk.State
	plain fhs.Directories
	// FetchesCommits says that BuildKit can fetch a commit under a reference's name.
	FetchesCommits bool
	// ChecksGit says that BuildKit can check signatures of tags and commits.
	ChecksGit bool
}

// NewPlacer returns a Placer that looks into trees with prober.
func NewPlacer(prober Prober, find op.Trees) *Placer {
	return &Placer{prober: prober, find: find, trees: map[string]bk.State{}, plain: fhs.Plain()}
}

// Base is the image that a layer is put on.
type Base struct {
	// Range is the lines of the image.
	Range    spec.Range
	Skeleton *Skeleton
	// Current returns the image so far, which users are looked up in.
	Current func() bk.State
	// Seen returns the image so far as a command that changes it finds it: also with the
	// mount points of such commands before it.
	Seen func() bk.State
	// Join puts trees on top of each other.
	Join func(trees []bk.State) bk.State
	Ops  *op.Maker
}

// Ground is what the links of count for a tree whose directories aren't known: the root,
// or on scratch, which has none, what commands and packages put there.
func (on Base) Ground() bk.State {
	if on.Skeleton.root.Output() != nil {
		return on.Skeleton.root
	}
	return on.shipped()
}

// shipped is the root with what commands and packages put on it. Links that sources or
// archives brought don't count, whatever is in between. What is joined once is one tree
// from then on: with all trees in each join, BuildKit would have as many inputs to look at
// as the square of their number.
func (on Base) shipped() bk.State {
	s := on.Skeleton
	trees := s.ships
	if s.root.Output() != nil && !s.whole {
		trees = append([]bk.State{s.root}, trees...)
	}
	switch len(trees) {
	case 0:
		return s.root
	case 1:
		return trees[0]
	default:
		st := on.Join(trees)
		s.ships, s.whole = []bk.State{st}, true
		return st
	}
}

// Files makes the tree of a files layer. An error is a [plan.Fault].
func (p *Placer) Files(ctx context.Context, on Base, planned *plan.Layer, a *plan.Files, name string) (bk.State, error) {
	f := &layer{placer: p, on: on, planned: planned}
	open := opener{placer: p, ops: on.Ops}
	items := make([]item, 0, len(a.Entries))
	for i := range a.Entries {
		it, err := open.item(ctx, &a.Entries[i])
		if err != nil {
			return bk.State{}, err
		}
		items = append(items, it)
	}
	if on.Skeleton.needsStep(a) {
		on.Skeleton.Unclear()
		return f.placeInStep(ctx, items, name)
	}
	known := on.Skeleton.known()
	st, err := f.placeNow(ctx, items, name)
	if err != nil || !f.unknown {
		return st, err
	}
	on.Skeleton.forget(known)
	on.Skeleton.Unclear()
	return placeParts(ctx, f, items, name)
}

// layer is a files layer while it is made.
type layer struct {
	placer  *Placer
	on      Base
	planned *plan.Layer
	// made is what the item at hand becomes.
	made piece
	// before is what the items before the last one that begins a part make; nil in the
	// first part.
	before func() bk.State
	// parts are the trees of the parts before, where each is placed by itself.
	parts []bk.State
	// unknown says that one of them may be a directory that a command shipped.
	unknown bool
}

// begin starts with an item. What the layer holds until now is only made if owners are
// looked up in it.
func (f *layer) begin(it item, until func() bk.State) {
	if it.Part {
		f.before = sync.OnceValue(func() bk.State { return joined(f, until()) })
	}
	f.made = piece{
		dirs: map[string]directory{}, others: map[string]bool{}, part: it.Part,
		step: stepped{chown: map[string]plan.Owner{}, before: f.before},
	}
}

// fault says which lines an error belongs to.
func fault(it item, err error) error { return &plan.Fault{Range: it.Range, Err: err} }

// needsStep reports whether a layer is placed by the step helper. That is so once
// a command has changed the image in place, whose directories are only known when
// it ran, or when an owner's name may come from something a command made.
func (s *Skeleton) needsStep(a *plan.Files) bool {
	if s.opaque {
		return true
	}
	for _, e := range a.Entries {
		if s.ran && e.Owner != nil && isNamed(*e.Owner) {
			return true
		}
	}
	return false
}

// destinations returns where a files layer puts its entries; nothing for other
// actions.
func destinations(a plan.Action) []string {
	files, ok := a.(*plan.Files)
	if !ok {
		return nil
	}
	var paths []string
	for i := range files.Entries {
		paths = append(paths, files.Entries[i].Destination())
	}
	return paths
}
