// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"path"

	bk "github.com/moby/buildkit/client/llb"
)

// assemble makes the layer as one file operation on scratch: folders, files, and
// the folders once more, because every file made in a folder stamps it with the
// clock.
func (f *filesLayer) assemble(placed []placement) bk.State {
	var fa *bk.FileAction
	folders, any := f.folderTree()
	if any {
		fa = bk.Copy(folders, "/", "/", &bk.CopyInfo{CopyDirContentsOnly: true, CreatedTime: ptr(fileTime())})
	}
	taken := occupied{exact: map[string]bool{}, above: map[string]bool{}}
	for _, p := range placed {
		fa = f.put(fa, p, taken.add(p.dest))
	}
	if any {
		fa = fa.Copy(folders, "/", "/", &bk.CopyInfo{CopyDirContentsOnly: true, CreatedTime: ptr(fileTime())})
	}
	if fa == nil {
		return bk.Scratch()
	}
	opts := []bk.ConstraintsOpt{f.at(f.layer.Range), bk.WithCustomName(f.name)}
	if f.noCache(f.layer.Name, f.image.plan.Target) {
		opts = append(opts, bk.IgnoreCache)
	}
	return bk.Scratch().File(fa, opts...)
}

// put adds one piece. again says that something may be at its place already.
func (f *filesLayer) put(fa *bk.FileAction, p placement, again bool) *bk.FileAction {
	owner := numericOwner(p.uid, p.gid)
	created := bk.WithCreatedTime(fileTime())
	switch {
	case p.Symlink != "":
		if again {
			fa = then(fa).Rm(p.dest, bk.WithAllowNotFound(true))
		}
		return then(fa).Symlink(p.Symlink, p.dest, *owner, created)
	case p.Content != nil:
		mode := uint32(0o644)
		if p.Mode != nil {
			mode = uint32(*p.Mode)
		}
		if mode&^0o777 == 0 {
			return then(fa).Mkfile(p.dest, goMode(mode), []byte(*p.Content), *owner, created)
		}
		// Mkfile drops setuid, setgid and sticky; a copy keeps them.
		plain := bk.Scratch().File(bk.Mkfile("/file", 0o600, []byte(*p.Content)), f.at(p.Range), bk.WithCustomName(f.prefix("write "+p.dest)))
		return then(fa).Copy(plain, "/file", p.dest, &bk.CopyInfo{
			Mode: &bk.ChmodOpt{Mode: goMode(mode)}, ChownOpt: owner, CreatedTime: ptr(fileTime()), CreateDestPath: true,
		})
	}
	info := f.copyInfo(p.item, p.uid, p.gid)
	info.ExcludePatterns = p.exclude
	info.AlwaysReplaceExistingDestPaths = again
	dest := p.dest
	if p.Into && p.HTTP == nil {
		dest = path.Join(dest, "/") + "/"
	}
	return then(fa).Copy(p.from, p.src, dest, info)
}

// occupied remembers where pieces of a layer went.
type occupied struct{ exact, above map[string]bool }

// add notes a piece at dest and tells whether an earlier one may have made
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
