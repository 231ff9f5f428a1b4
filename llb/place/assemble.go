// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"path"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
)

// assemble makes a tree of groups as one file operation on scratch: for each group its
// directories, its files, and the directories once more, because every file made in a
// directory stamps it with the clock.
func (f *layer) assemble(gs groups, name string) bk.State {
	var fa *bk.FileAction
	taken := occupied{exact: map[string]bool{}, above: map[string]bool{}}
	for i, g := range gs {
		dirs, made := f.directoryTree(g.dirs)
		info := &bk.CopyInfo{CopyDirContentsOnly: true, CreatedTime: new(op.FileTime()), AlwaysReplaceExistingDestPaths: i > 0}
		if made {
			fa = op.Then(fa).Copy(dirs, "/", "/", info)
		}
		for _, p := range g.placed {
			fa = f.put(fa, p, taken.add(p.at))
		}
		if made {
			fa = op.Then(fa).Copy(dirs, "/", "/", info)
		}
		for dir := range g.dirs {
			taken.above[dir] = true
		}
	}
	if fa == nil {
		return bk.Scratch()
	}
	opts := []bk.ConstraintsOpt{f.on.Ops.At(f.planned.Range), bk.WithCustomName(name)}
	if f.on.Ops.IgnoresCache(f.planned.Name) {
		opts = append(opts, bk.IgnoreCache)
	}
	return bk.Scratch().File(fa, opts...)
}

// put adds what is placed. again says that something may be at its place already,
// which it replaces.
func (f *layer) put(fa *bk.FileAction, p placement, again bool) *bk.FileAction {
	owner := op.Owner(p.uid, p.gid)
	created := bk.WithCreatedTime(op.FileTime())
	switch {
	case p.Symlink != "":
		return op.Then(clear(fa, p, again)).Symlink(p.Symlink, p.at, *owner, created)
	case p.Content != nil:
		fa = clear(fa, p, again)
		mode := uint32(0o644)
		if p.Mode != nil {
			mode = uint32(*p.Mode)
		}
		if op.Makes(mode) {
			return op.Then(fa).Mkfile(p.at, op.Mode(mode), []byte(*p.Content), *owner, created)
		}
		plain := bk.Scratch().File(bk.Mkfile("/file", 0o600, []byte(*p.Content)), f.on.Ops.At(p.Range), bk.WithCustomName(f.on.Ops.Name("write "+p.at)))
		return op.Then(fa).Copy(plain, "/file", p.at, &bk.CopyInfo{
			Mode: &bk.ChmodOpt{Mode: op.Mode(mode)}, ChownOpt: owner, CreatedTime: new(op.FileTime()), CreateDestPath: true,
		})
	case p.HTTP != nil && !p.Extract:
		fa = clear(fa, p, again)
		again = false
	case again && !p.isDirectory():
		return f.putOver(fa, p)
	}
	info := f.copyInfo(p.item, p.uid, p.gid)
	info.ExcludePatterns = p.exclude
	info.AlwaysReplaceExistingDestPaths = again
	dest := p.at
	if p.Into && p.HTTP == nil {
		dest = path.Join(dest, "/") + "/"
	}
	return op.Then(fa).Copy(p.from, p.src, dest, info)
}

// clear removes what may be in the place of a file or a link, which would be written
// through otherwise if it is a link.
func clear(fa *bk.FileAction, p placement, again bool) *bk.FileAction {
	if !again {
		return fa
	}
	return op.Then(fa).Rm(p.at, bk.WithAllowNotFound(true))
}

// putOver adds what may be a directory or a file, where something may be already. It
// is made apart, and copied over that as a whole.
func (f *layer) putOver(fa *bk.FileAction, p placement) *bk.FileAction {
	apart := bk.Scratch().File(f.put(nil, p, false), f.on.Ops.At(p.Range), bk.WithCustomName(f.on.Ops.Name("select files for "+p.Dest)))
	return over(fa, apart)
}

// occupied remembers where pieces of a layer went.
type occupied struct{ exact, above map[string]bool }

// add notes a piece at dest and reports whether an earlier one may have made
// something there: the same path, or a tree above or below it.
func (o occupied) add(dest string) bool {
	again := o.exact[dest] || o.above[dest] || o.exact["/"]
	o.exact[dest] = true
	for _, dir := range append(ancestors(dest), "/") {
		again = again || o.exact[dir]
		o.above[dir] = true
	}
	return again
}
