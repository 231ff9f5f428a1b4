// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"path"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// placeInStep makes the layer's files on scratch, without a look at the base,
// and lets the step helper put them where the image's directories and links want
// them. Nothing waits for the commands before it while the graph is made.
func (f *layer) placeInStep(ctx context.Context, items []item, name string) (bk.State, error) {
	var placed []placement
	o := Step{
		On:         f.on.Skeleton.root,
		KeepOwners: true,
		Chown:      map[string]plan.Owner{},
		Name:       name,
		Opts:       []bk.RunOption{f.on.Ops.At(f.planned.Range)},
	}
	for _, it := range items {
		if err := f.placeRaw(ctx, it, &placed, &o); err != nil {
			return bk.State{}, fault(it, err)
		}
	}
	if f.unknown {
		o.On = f.on.Current()
	}
	files := f.assemble(placed, f.on.Ops.Name("make files"))
	if files.Output() == nil {
		return files, nil
	}
	return InStep(f.on, files, o)
}

// placeRaw notes an item with its owner, who is looked up in the step.
func (f *layer) placeRaw(ctx context.Context, it item, placed *[]placement, o *Step) error {
	p := placement{item: it, at: destination(it.Entry)}
	switch {
	case it.Owner == nil:
		o.Chown[f.chownPath(ctx, it)] = plan.Owner{User: "0", Group: "0"}
	case isNamed(*it.Owner):
		o.Chown[f.chownPath(ctx, it)] = *it.Owner
	default:
		var err error
		if p.uid, p.gid, err = f.owner(ctx, it.Owner); err != nil {
			return err
		}
		o.Chown[f.chownPath(ctx, it)] = plan.Owner{User: strconv.Itoa(p.uid), Group: strconv.Itoa(p.gid)}
	}
	return f.raw(ctx, placed, p, o)
}

// chownPath is the path whose owner an item decides.
func (f *layer) chownPath(ctx context.Context, it item) string {
	if !it.Into || it.Copy == nil || it.Extract || hasGlob(it.src) {
		return destination(it.Entry)
	}
	if dir, err := f.isDirectory(ctx, it); dir || err != nil {
		return it.Dest
	}
	return path.Join(it.Dest, path.Base(it.src))
}

// raw notes a piece with the directories above it as they would be on scratch.
func (f *layer) raw(ctx context.Context, placed *[]placement, p placement, o *Step) error {
	t := overlay{below: emptyTree{}, declared: f.on.Skeleton.declared}
	switch {
	case p.Directory:
		if err := f.ownDirectory(ctx, t, p); err != nil {
			return err
		}
		if p.Mode != nil || p.Owner != nil {
			o.Keep = append(o.Keep, p.at)
		}
		return nil
	case p.Into:
		if err := f.newDirectory(ctx, t, placement{item: p.item, at: p.Dest, uid: p.uid, gid: p.gid}); err != nil {
			return err
		}
	}
	*placed = append(*placed, p)
	return f.need(ctx, t, path.Dir(p.at))
}
