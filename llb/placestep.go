// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"path"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// placeInStep makes the layer's files on scratch, without a look at the base,
// and lets the step helper put them where the image's folders and links want
// them. Nothing waits for the commands before it while the graph is made.
func (f *filesLayer) placeInStep(ctx context.Context, items []item) (bk.State, error) {
	var placed []placement
	o := placeOptions{
		on:         f.rooted,
		keepOwners: true,
		chown:      map[string]plan.Owner{},
		name:       f.name,
		opts:       []bk.RunOption{f.at(f.layer.Range)},
	}
	for _, it := range items {
		if err := f.placeRaw(ctx, it, &placed, &o); err != nil {
			return bk.State{}, f.fault(it, err)
		}
	}
	if f.unknown {
		o.on = f.current()
	}
	f.name = f.prefix("make files")
	tree := f.assemble(placed)
	if tree.Output() == nil {
		return tree, nil
	}
	return f.image.placeTree(tree, o)
}

// placeRaw notes an item with its owner, who is looked up in the step.
func (f *filesLayer) placeRaw(ctx context.Context, it item, placed *[]placement, o *placeOptions) error {
	p := placement{item: it, dest: destination(it.Entry)}
	switch {
	case it.Owner == nil:
		o.chown[f.chownPath(ctx, it)] = plan.Owner{User: "0", Group: "0"}
	case isNamed(*it.Owner):
		o.chown[f.chownPath(ctx, it)] = *it.Owner
	default:
		var err error
		if p.uid, p.gid, err = f.owner(ctx, it.Owner); err != nil {
			return err
		}
		o.chown[f.chownPath(ctx, it)] = plan.Owner{User: strconv.Itoa(p.uid), Group: strconv.Itoa(p.gid)}
	}
	return f.raw(placed, p, o)
}

// chownPath is the path whose owner an item decides.
func (f *filesLayer) chownPath(ctx context.Context, it item) string {
	if !it.Into || it.Copy == nil || it.Extract || hasGlob(it.src) {
		return destination(it.Entry)
	}
	if dir, err := f.isFolder(ctx, it); dir || err != nil {
		return it.Dest
	}
	return path.Join(it.Dest, path.Base(it.src))
}

// raw notes a piece with the folders above it as they would be on scratch.
func (f *filesLayer) raw(placed *[]placement, p placement, o *placeOptions) error {
	t := overlay{below: emptyTree{}, declared: f.declared}
	switch {
	case p.Directory:
		if err := f.ownFolder(t, p); err != nil {
			return err
		}
		if p.Mode != nil || p.Owner != nil {
			o.keep = append(o.keep, p.dest)
		}
		return nil
	case p.Into:
		if err := f.newFolder(t, placement{item: p.item, dest: p.Dest, uid: p.uid, gid: p.gid}); err != nil {
			return err
		}
	}
	*placed = append(*placed, p)
	return f.need(t, path.Dir(p.dest))
}
