// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/internal/inroot"
	"github.com/strata-build/strata/llb/plan"
)

// placement is a piece of an item with the place it gets in the image.
type placement struct {
	item
	// at is where it goes, without links on the way.
	at string
	// exclude are parts of the source that are placed elsewhere.
	exclude  []string
	uid, gid int
	// made says that the layer makes a directory at the place, named that a step looks the
	// owner up.
	made, named bool
}

// placeNow asks for the directories of the base and makes the layer as one file
// operation: no command runs.
func (f *layer) placeNow(ctx context.Context, items []item, name string) (bk.State, error) {
	t := f.on.Skeleton.nodes()
	var paths []string
	for _, it := range items {
		paths = append(paths, it.Destination())
	}
	if err := t.expect(ctx, paths...); err != nil {
		return bk.State{}, &plan.Fault{Range: f.planned.Range, Err: err}
	}
	var gs groups
	for _, it := range items {
		so := slices.Clip(gs)
		f.begin(it, func() bk.State { return f.assemble(so, f.on.Ops.Name("make files")) })
		ps, err := f.locate(ctx, t, it)
		if err != nil {
			return bk.State{}, fault(it, err)
		}
		f.made.placed = ps
		for _, p := range f.made.apart() {
			gs.add(p, (*group).clashes)
		}
	}
	f.on.Skeleton.laid.add(gs)
	return f.assemble(gs, name), nil
}

// locate finds where an item goes, through the links of the base.
func (f *layer) locate(ctx context.Context, t nodes, it item) ([]placement, error) {
	uid, gid, err := f.owner(ctx, it.Owner)
	if err != nil {
		return nil, err
	}
	dest := it.Destination()
	if it.Directory || it.Into {
		dir := dest
		if !it.Directory && dest != it.Dest {
			dir = it.Dest
		}
		real, err := resolveDir(ctx, t, dir)
		if err != nil {
			return nil, err
		}
		dest = path.Join(real, strings.TrimPrefix(dest, dir))
	} else {
		real, err := resolveDir(ctx, t, path.Dir(dest))
		if err != nil {
			return nil, err
		}
		dest = path.Join(real, path.Base(dest))
	}
	p := placement{item: it, at: dest, uid: uid, gid: gid}
	switch {
	case it.Directory:
		return nil, f.ownDirectory(ctx, t, p)
	case it.Symlink != "":
		if n, ok, err := t.lookup(ctx, dest); err != nil {
			return nil, err
		} else if ok && n.isDir() {
			return nil, plan.Mistakef("put a link at %s: there is a directory already, and a link would take its place with all that is in it", it.Dest)
		}
		f.on.Skeleton.link(dest, it.Symlink)
		return []placement{p}, f.need(ctx, t, path.Dir(dest))
	case it.contents:
		return f.placeContents(ctx, t, p)
	}
	if err := takesPlace(ctx, f, t, p); err != nil {
		return nil, err
	}
	f.on.Skeleton.file(dest)
	return []placement{p}, f.need(ctx, t, path.Dir(dest))
}

// takesPlace refuses a file in the place of a directory, or of the base's link to one: all
// that is found by way of /bin would be gone with it. A link that an entry made is there to be
// replaced.
func takesPlace(ctx context.Context, f *layer, t nodes, p placement) error {
	n, ok, err := t.lookup(ctx, p.at)
	at, hint := p.Dest, "write "+p.Dest+"/ to put the file into it"
	if p.Into {
		at, hint = path.Join(p.Dest, path.Base(p.at)), "the file would take its place with all that is in it"
	}
	switch {
	case err != nil || !ok:
		return err
	case n.isDir():
		return plan.Mistakef("put a file at %s: the base has a directory there; %s", at, hint)
	}
	if _, ours := f.on.Skeleton.declared[p.at]; ours {
		return nil
	}
	real, err := resolveDir(ctx, t, p.at)
	if errors.Is(err, inroot.ErrLoop) {
		return nil
	}
	if err != nil {
		return err
	}
	if n, ok, err = t.lookup(ctx, real); err != nil || real != "/" && !(ok && n.isDir()) {
		return err
	}
	return plan.Mistakef("put a file at %s: the base has a link to the directory %s there; %s", at, real, hint)
}

// ownDirectory makes a directory that an entry asks for.
func (f *layer) ownDirectory(ctx context.Context, t nodes, p placement) error {
	if p.at == "/" {
		return plan.Mistakef("make directory /: the root can't be an entry")
	}
	mode := uint32(0o755)
	n, there, err := t.lookup(ctx, p.at)
	if err != nil {
		return err
	}
	f.unknown = f.unknown || n.unsure
	if there && n.isDir() {
		mode = n.mode
		if p.Owner == nil {
			p.uid, p.gid = n.uid, n.gid
		}
	}
	if p.Mode != nil {
		mode = uint32(*p.Mode)
	}
	if err := f.need(ctx, t, path.Dir(p.at)); err != nil {
		return err
	}
	if _, ok := f.on.Skeleton.declared[p.at]; !ok && !there {
		unsure, err := f.on.Skeleton.unsure(ctx, t, p.at, f.placer.plain)
		if err != nil {
			return err
		}
		f.unknown = f.unknown || unsure
	}
	f.made.dirs[p.at] = directory{mode: mode, uid: p.uid, gid: p.gid}
	f.on.Skeleton.declared[p.at] = node{mode: mode, uid: p.uid, gid: p.gid, named: p.named}
	return nil
}

// placeContents places a source that may be a directory, whose contents are meant then.
func (f *layer) placeContents(ctx context.Context, t nodes, p placement) ([]placement, error) {
	_, ok, err := t.lookup(ctx, p.at)
	if err != nil {
		return nil, err
	}
	exists := ok || p.at == "/"
	if !exists {
		if p.Into {
			if err := f.newDirectory(ctx, t, p); err != nil {
				return nil, err
			}
		}
		f.expectDirectory(p)
		return []placement{p}, f.need(ctx, t, path.Dir(p.at))
	}
	isDir := true
	if !p.Into && p.Git == nil {
		if isDir, err = f.isDirectory(ctx, p.item); err != nil {
			return nil, err
		}
	}
	if !isDir {
		if err := takesPlace(ctx, f, t, p); err != nil {
			return nil, err
		}
		f.on.Skeleton.file(p.at)
		return []placement{p}, f.need(ctx, t, path.Dir(p.at))
	}
	if p.at, err = resolveDir(ctx, t, p.at); err != nil {
		return nil, err
	}
	p.made = true
	if err := f.need(ctx, t, p.at); err != nil {
		return nil, err
	}
	return f.split(ctx, t, p)
}

// expectDirectory notes that a source becomes a directory, should anything be put below
// it.
func (f *layer) expectDirectory(p placement) {
	n := node{mode: 0o755, uid: p.uid, gid: p.gid}
	if p.Mode != nil && *p.Mode&0o111 != 0 && !p.Into {
		n.mode = uint32(*p.Mode)
	}
	if _, ok := f.on.Skeleton.make(p.at); !ok {
		f.on.Skeleton.likely[p.at] = n
	}
}

// newDirectory makes the directory that a destination with a trailing slash names; it
// belongs to the owner of what goes into it.
func (f *layer) newDirectory(ctx context.Context, t nodes, p placement) error {
	if err := f.need(ctx, t, path.Dir(p.at)); err != nil {
		return err
	}
	n, ok := f.on.Skeleton.make(p.at)
	if !ok {
		var err error
		if n, err = assume(ctx, f, t, p.at, node{mode: 0o755, uid: p.uid, gid: p.gid, named: p.named}); err != nil {
			return err
		}
	}
	f.made.dirs[p.at] = directory{mode: n.mode, uid: n.uid, gid: n.gid}
	return nil
}

// split walks the directories of a source beside those of the base. Where the base
// has a link, what is below moves to where it points.
func (f *layer) split(ctx context.Context, t nodes, p placement) ([]placement, error) {
	stats, err := f.placer.prober.List(ctx, p.from, p.src)
	if errors.Is(err, fs.ErrNotExist) {
		return []placement{p}, nil // the copy says it with the line
	}
	if err != nil {
		// A file where a directory was thought of goes into the destination.
		if one, e := f.isDirectory(ctx, p.item); e == nil && !one {
			file := p
			file.at = path.Join(p.at, path.Base(p.src))
			return []placement{p}, takesPlace(ctx, f, t, file)
		}
		return nil, err
	}
	f.note(p.at, stats)
	dirs := namesOfKind(stats, fs.ModeDir)
	if err := expectBeside(ctx, t, p.at, dirs, namesOfKind(stats, fs.ModeSymlink)); err != nil {
		return nil, err
	}
	all := []placement{p}
	for _, name := range dirs {
		sub := path.Join(p.at, name)
		n, ok, err := t.lookup(ctx, sub)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		q := p
		q.src = path.Join(p.src, name)
		q.exclude = nil
		q.at = sub
		if !n.isDir() {
			if q.at, err = resolveDir(ctx, t, sub); err != nil {
				return nil, err
			}
			all[0].exclude = append(all[0].exclude, escapePattern(name))
		}
		if err := f.need(ctx, t, q.at); err != nil {
			return nil, err
		}
		below, err := f.split(ctx, t, q)
		if err != nil {
			return nil, err
		}
		if n.isDir() {
			all[0].exclude = append(all[0].exclude, prefixed(name, below[0].exclude)...)
			below = below[1:]
		}
		all = append(all, below...)
	}
	return all, nil
}

// note remembers where a source has something else than a directory.
func (f *layer) note(at string, stats []*fstypes.Stat) {
	for _, s := range stats {
		if !os.FileMode(s.Mode).IsDir() {
			f.made.others[path.Join(at, path.Base(s.Path))] = true
		}
	}
}

// joinAll puts a directory before names.
func joinAll(dir string, names []string) []string {
	paths := make([]string, 0, len(names))
	for _, name := range names {
		paths = append(paths, path.Join(dir, name))
	}
	return paths
}

// isDirectory reports whether an item's source is a directory.
func (f *layer) isDirectory(ctx context.Context, it item) (bool, error) {
	return IsDirectory(ctx, f.placer.prober, it.from, it.src)
}

// IsDirectory reports whether a path of a state is a directory, or a link to one. What
// isn't there is none.
func IsDirectory(ctx context.Context, p Prober, st bk.State, src string) (bool, error) {
	src = path.Clean(src)
	if src == "/" {
		return true, nil
	}
	stats, err := p.List(ctx, st, path.Dir(src))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // the copy says it with the line
	}
	if err != nil {
		return false, fmt.Errorf("look at the source %s: %w", src, err)
	}
	for _, s := range stats {
		if path.Base(s.Path) != path.Base(src) {
			continue
		}
		mode := os.FileMode(s.Mode)
		if mode&os.ModeSymlink != 0 {
			_, err := p.List(ctx, st, src)
			return err == nil, nil
		}
		return mode.IsDir(), nil
	}
	return false, nil
}

// expectBeside has the directories looked up that a source has beside those of the image. A
// link of the source would take the place of one of them, with all that is in it.
func expectBeside(ctx context.Context, t nodes, at string, dirs, links []string) error {
	if err := t.expect(ctx, joinAll(at, slices.Concat(dirs, links))...); err != nil {
		return err
	}
	for _, link := range joinAll(at, links) {
		if n, ok, err := t.lookup(ctx, link); err != nil {
			return err
		} else if ok && n.isDir() {
			return plan.Mistakef("put a link of the source at %s: there is a directory already, and the link would take its place with all that is in it; leave it out with exclude", link)
		}
	}
	return nil
}

// namesOfKind are the names of directories or of links.
func namesOfKind(stats []*fstypes.Stat, kind fs.FileMode) []string {
	var names []string
	for _, s := range stats {
		if os.FileMode(s.Mode)&kind != 0 {
			names = append(names, path.Base(s.Path))
		}
	}
	return names
}

func prefixed(dir string, names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		out = append(out, escapePattern(dir)+"/"+name)
	}
	return out
}
