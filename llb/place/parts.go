// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"maps"

	bk "github.com/moby/buildkit/client/llb"
)

// placeParts places each of the layers that share one as if it were alone: in a step only if
// directories of its own aren't known.
func placeParts(ctx context.Context, f *layer, items []item, name string) (bk.State, error) {
	var trees []bk.State
	for len(items) > 0 {
		n := 1
		for n < len(items) && !items[n].Part {
			n++
		}
		st, err := placePart(ctx, f, items[:n], name, trees)
		if err != nil {
			return bk.State{}, err
		}
		if st.Output() != nil {
			trees = append(trees, st)
		}
		items = items[n:]
	}
	return stacked(f, trees, name), nil
}

// placePart places one.
func placePart(ctx context.Context, f *layer, items []item, name string, before []bk.State) (bk.State, error) {
	one := &layer{placer: f.placer, on: f.on, planned: f.planned, parts: before}
	known := f.on.Skeleton.known()
	st, err := one.placeNow(ctx, items, name)
	if err != nil || !one.unknown {
		return st, err
	}
	f.on.Skeleton.forget(known)
	return one.placeInStep(ctx, items, name)
}

// stacked is trees of the layer on top of each other.
func stacked(f *layer, trees []bk.State, name string) bk.State {
	switch len(trees) {
	case 0:
		return bk.Scratch()
	case 1:
		return trees[0]
	}
	var fa *bk.FileAction
	for _, st := range trees {
		fa = over(fa, st)
	}
	return bk.Scratch().File(fa, f.on.Ops.At(f.planned.Range), bk.WithCustomName(name))
}

// joined is a tree of the layer on top of the parts before.
func joined(f *layer, st bk.State) bk.State {
	trees := f.parts
	if st.Output() != nil {
		trees = append(trees[:len(trees):len(trees)], st)
	}
	return stacked(f, trees, f.on.Ops.Name("make files"))
}

// noted is what a skeleton knows of the files layers.
type noted struct{ declared, likely map[string]node }

// known is what is known now, and forget goes back to that.
func (s *Skeleton) known() noted { return noted{maps.Clone(s.declared), maps.Clone(s.likely)} }

// since is what is known now, without the directories that a layer gives to names: it has
// them itself.
func (s *Skeleton) since(earlier noted) noted {
	now := s.known()
	for _, m := range []struct{ now, before map[string]node }{{now.declared, earlier.declared}, {now.likely, earlier.likely}} {
		maps.DeleteFunc(m.now, func(at string, n node) bool {
			_, known := m.before[at]
			return n.named && !known
		})
	}
	return now
}

func (s *Skeleton) forget(n noted) {
	s.declared, s.likely = maps.Clone(n.declared), maps.Clone(n.likely)
}
