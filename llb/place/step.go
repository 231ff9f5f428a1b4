// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"maps"
	"path"
	"slices"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// placeInStep makes the layer's files on scratch, without a look at the base,
// and lets the step helper put them where the image's directories and links want
// them. Nothing waits for the commands before it while the graph is made.
func (f *layer) placeInStep(ctx context.Context, items []item, name string) (bk.State, error) {
	var gs groups
	f.before = nil
	earlier := f.on.Skeleton.known()
	for _, it := range items {
		so, before := slices.Clip(gs), f.on.Skeleton.since(earlier)
		f.begin(it, func() bk.State { return f.assemble(so, f.on.Ops.Name("make files")) })
		if err := f.placeRaw(ctx, it); err != nil {
			return bk.State{}, fault(it, err)
		}
		gs.add(f.made, (*group).clashesInStep)
		if n := len(so); n > 0 && len(gs) > n {
			gs[n-1].step.known = before
		}
	}
	if n := len(gs); n > 0 {
		gs[n-1].step.known = f.on.Skeleton.since(earlier)
	}
	return f.inSteps(gs, name)
}

// inSteps puts groups in place, each in a step of its own, and the trees on top of each
// other.
func (f *layer) inSteps(gs groups, name string) (bk.State, error) {
	var trees []bk.State
	for i, g := range gs {
		g.step.respect(gs[:i], g.dirs)
		g.step.keepDeclared(f.on.Skeleton, g.dirs)
		for _, p := range g.placed {
			if p.Symlink != "" { // its own place is no link on its way
				delete(g.step.known.declared, p.at)
			}
		}
		o := Step{
			On: f.on.Skeleton.root, Above: true, known: &g.step.known, KeepOwners: true, Chown: g.step.chown, Keep: g.step.keep, Name: name,
			Opts: []bk.RunOption{f.on.Ops.At(f.planned.Range)},
		}
		if f.unknown {
			o.On = f.on.shipped()
		}
		if o.needsAccounts() {
			o.Users = f.users(g.step.before)
		}
		files := f.assemble(groups{g}, f.on.Ops.Name("make files"))
		if files.Output() == nil {
			continue
		}
		st, err := InStep(f.on, files, o)
		if err != nil {
			return bk.State{}, err
		}
		trees = append(trees, st)
	}
	return stacked(f, trees, name), nil
}

// respect keeps directories on the way as earlier groups of the layer want them.
func (s *stepped) respect(earlier groups, dirs map[string]directory) {
	for _, g := range earlier {
		for _, dir := range g.step.keep {
			if _, ok := dirs[dir]; !ok || slices.Contains(s.keep, dir) {
				continue
			}
			s.keep = append(s.keep, dir)
			// A number is the directory's already, and would be that of all below it.
			if owner, ok := g.step.chown[dir]; ok && isNamed(owner) {
				s.chown[dir] = owner
			}
		}
	}
}

// keepDeclared keeps directories on the way as entries of earlier layers want them, which
// the tree has from there.
func (s *stepped) keepDeclared(known *Skeleton, dirs map[string]directory) {
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		n, ok := known.declared[dir]
		if ok && n.isDir() && !n.weak && !n.named && !slices.Contains(s.keep, dir) {
			s.keep = append(s.keep, dir)
		}
	}
}

// over copies a whole tree over what is there.
func over(fa *bk.FileAction, st bk.State) *bk.FileAction {
	return op.Then(fa).Copy(st, "/", "/", &bk.CopyInfo{
		CopyDirContentsOnly: true, AlwaysReplaceExistingDestPaths: true, CreatedTime: new(op.FileTime()),
	})
}

// placeRaw notes an item with its owner, who is looked up in the step.
func (f *layer) placeRaw(ctx context.Context, it item) error {
	p := placement{item: it, at: it.Destination()}
	if (it.Extract || it.KeepOwners) && it.Owner == nil {
		return f.raw(ctx, p)
	}
	owner := plan.Owner{User: "0", Group: "0"}
	switch {
	case it.Owner == nil:
	case isNamed(*it.Owner):
		owner, p.named = *it.Owner, true
	default:
		var err error
		if p.uid, p.gid, err = f.owner(ctx, it.Owner); err != nil {
			return err
		}
		owner = plan.Owner{User: strconv.Itoa(p.uid), Group: strconv.Itoa(p.gid)}
	}
	f.made.step.chown[f.chownPath(ctx, it)] = owner
	return f.raw(ctx, p)
}

// chownPath is the path whose owner an item decides.
func (f *layer) chownPath(ctx context.Context, it item) string {
	if !it.Into || it.Copy == nil || it.Extract {
		return it.Destination()
	}
	if dir, err := f.isDirectory(ctx, it); dir || err != nil {
		return it.Dest
	}
	return path.Join(it.Dest, path.Base(it.src))
}

// raw notes a piece with the directories above it as they would be on scratch.
func (f *layer) raw(ctx context.Context, p placement) error {
	t := overlay{below: emptyTree{}, declared: f.on.Skeleton.declared}
	switch {
	case p.Directory:
		return f.rawDirectory(ctx, t, p)
	case p.Into:
		if err := f.newDirectory(ctx, t, placement{item: p.item, at: p.Dest, uid: p.uid, gid: p.gid, named: p.named}); err != nil {
			return err
		}
	}
	f.made.placed = append(f.made.placed, p)
	switch {
	case p.Symlink != "":
		f.on.Skeleton.link(p.at, p.Symlink)
	case p.isSingle():
		f.on.Skeleton.file(p.at)
	}
	return f.need(ctx, t, path.Dir(p.at))
}

// rawDirectory notes a directory. It has what the entry says or, if that says nothing, what
// the image has.
func (f *layer) rawDirectory(ctx context.Context, t nodes, p placement) error {
	before, known := f.on.Skeleton.declared[p.at]
	if known && !before.isDir() {
		// The directory is the one that the link leads to.
		end := p
		var err error
		if end.at, err = resolveDir(ctx, t, p.at); err == nil {
			err = f.rawDirectory(ctx, t, end)
		}
		f.on.Skeleton.declared[p.at] = before
		return err
	}
	if err := f.ownDirectory(ctx, t, p); err != nil {
		return err
	}
	unsure, err := f.on.Skeleton.unsure(ctx, t, p.at, f.placer.plain)
	if err != nil {
		return err
	}
	made := f.on.Skeleton.declared[p.at]
	made.unsure = before.unsure || !known && unsure
	if p.Mode != nil || p.Owner != nil {
		f.made.step.keep = append(f.made.step.keep, p.at)
	} else {
		made.weak, made.named = !known || before.weak, before.named
	}
	f.on.Skeleton.declared[p.at] = made
	return nil
}
