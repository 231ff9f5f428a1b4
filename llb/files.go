// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"
	"os"
	"path"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/plan"
)

// files lowers a files layer to a tree of its own.
func (img *image) files(ctx context.Context, layer *plan.Layer, a *plan.Files, name string) (bk.State, error) {
	f := &filesLayer{image: img, layer: layer, name: name}
	f.folders = map[string]folder{}
	items := make([]item, 0, len(a.Entries))
	for i := range a.Entries {
		it, err := f.item(ctx, &a.Entries[i])
		if err != nil {
			return bk.State{}, err
		}
		items = append(items, it)
	}
	if img.placedInStep(a) {
		return f.placeInStep(ctx, items)
	}
	st, err := f.placeNow(ctx, items)
	if err != nil || !f.unknown {
		return st, err
	}
	f.folders = map[string]folder{}
	return f.placeInStep(ctx, items)
}

// placedInStep tells whether the layer is placed by the step helper. That is so
// once a command has changed the image in place, whose folders nobody can know
// before it ran, or when an owner's name may come from something a command made.
func (img *image) placedInStep(a *plan.Files) bool {
	if img.inPlace {
		return true
	}
	for _, e := range a.Entries {
		if img.ran && e.Owner != nil && isNamed(*e.Owner) {
			return true
		}
	}
	return false
}

// filesLayer is a files layer while it is lowered.
type filesLayer struct {
	*image
	layer *plan.Layer
	name  string
	// folders are those that the layer's files need above them.
	folders map[string]folder
	// unknown says that one of them may be a folder that a command shipped.
	unknown bool
}

// folder is a directory that a files layer makes.
type folder struct {
	mode     uint32
	uid, gid int
}

// item is an entry with its source as a state.
type item struct {
	*plan.Entry
	// from is the state that holds the source, and src its path there.
	from bk.State
	src  string
	// contents says that src is a folder whose contents go to Dest if it is one.
	contents bool
	// trimModes makes the modes of local files independent of the umask that
	// they were checked out with.
	trimModes bool
}

// item finds the state that an entry copies from.
func (f *filesLayer) item(ctx context.Context, e *plan.Entry) (item, error) {
	it := item{Entry: e, src: "/"}
	switch {
	case e.HTTP != nil:
		it.from, it.src = f.fetch(e)
	case e.Git != nil:
		st, err := f.checkout(e)
		if err != nil {
			return item{}, err
		}
		it.from, it.contents = f.filtered(st, "/", e.Git.Include, e.Git.Exclude, e), true
	case e.Copy != nil:
		st, err := f.tree(ctx, e.Copy.From)
		if err != nil {
			return item{}, err
		}
		it.from, it.src, it.contents = restart(st), e.Copy.Path, true
		it.trimModes = e.Copy.Checkout
		if len(e.Copy.Include)+len(e.Copy.Exclude) > 0 {
			it.from, it.src = f.filtered(it.from, it.src, e.Copy.Include, e.Copy.Exclude, e), "/"
		}
	}
	if e.Extract {
		it.from, it.src, it.contents = f.unpacked(it), "/", true
		it.trimModes = false
	}
	if it.contents && e.Mode != nil && *e.Mode&0o111 == 0 {
		it.from, it.src = f.withoutX(it)
	}
	return it, nil
}

// fetch is the state of an HTTP source and the file's path there.
func (f *filesLayer) fetch(e *plan.Entry) (bk.State, string) {
	const name = "file"
	opts := []bk.HTTPOption{
		bk.Filename(name), bk.Chmod(0o644), bk.Chown(0, 0), f.at(e.Range),
		bk.WithCustomName(f.prefix("fetch " + e.HTTP.URL)),
	}
	if e.HTTP.Checksum != "" {
		opts = append(opts, bk.Checksum(digest.Digest(e.HTTP.Checksum)))
	}
	return bk.HTTP(e.HTTP.URL, opts...), "/" + name
}

// filtered is what of a folder the patterns select, as the root of a state. Such
// a copy stamps the folders it makes with the clock; the copy after it sets all
// times.
func (f *filesLayer) filtered(st bk.State, src string, include, exclude []string, e *plan.Entry) bk.State {
	if len(include)+len(exclude) == 0 && src == "/" {
		return st
	}
	return bk.Scratch().File(bk.Copy(st, src, "/", &bk.CopyInfo{
		CopyDirContentsOnly: true,
		FollowSymlinks:      true,
		IncludePatterns:     include,
		ExcludePatterns:     exclude,
	}), f.at(e.Range), bk.WithCustomName(f.prefix("select files for "+e.Dest)))
}

// unpacked is an archive's contents.
func (f *filesLayer) unpacked(it item) bk.State {
	return bk.Scratch().File(bk.Copy(it.from, it.src, "/", &bk.CopyInfo{
		AttemptUnpack:  true,
		FollowSymlinks: true,
	}), f.at(it.Range), bk.WithCustomName(f.prefix("unpack for "+it.Dest)))
}

// withoutX is the source with no execute bit anywhere, so that "+X" in chmod is
// about folders alone.
func (f *filesLayer) withoutX(it item) (bk.State, string) {
	st := bk.Scratch().File(bk.Copy(it.from, it.src, "/", &bk.CopyInfo{
		Mode:                &bk.ChmodOpt{ModeStr: "a-x"},
		FollowSymlinks:      true,
		CopyDirContentsOnly: it.src == "/",
		AllowWildcard:       hasGlob(it.src),
	}), f.at(it.Range), bk.WithCustomName(f.prefix("select files for "+it.Dest)))
	switch {
	case it.src == "/":
		return st, "/"
	case hasGlob(it.src):
		return st, "/*"
	default:
		return st, "/" + path.Base(it.src)
	}
}

// copyInfo is how an item that has a source is copied.
func (f *filesLayer) copyInfo(it item, uid, gid int) *bk.CopyInfo {
	info := &bk.CopyInfo{
		FollowSymlinks:      true,
		CopyDirContentsOnly: it.contents,
		CreateDestPath:      true,
		AllowWildcard:       hasGlob(it.src),
		CreatedTime:         ptr(fileTime()),
	}
	switch {
	case it.Mode != nil:
		info.Mode = chmod(uint32(*it.Mode), it.contents)
	case it.trimModes:
		info.Mode = &bk.ChmodOpt{ModeStr: "go=u-w"}
	}
	if it.Owner != nil || !it.Extract {
		info.ChownOpt = numericOwner(uid, gid)
	}
	return info
}

// chmod sets exactly mode on files. In a tree, folders can also be entered by
// whoever may read them, unless the mode says something about entering.
func chmod(mode uint32, tree bool) *bk.ChmodOpt {
	if !tree || mode&0o111 != 0 {
		return &bk.ChmodOpt{Mode: goMode(mode)}
	}
	s := fmt.Sprintf("u=%s,g=%s,o=%s", rw(mode>>6), rw(mode>>3), rw(mode))
	for i, who := range []string{"u", "g", "o"} {
		if mode>>(6-3*i)&4 != 0 {
			s += "," + who + "+X"
		}
	}
	return &bk.ChmodOpt{ModeStr: s}
}

// rw spells the read and write bits of the lowest octal digit.
func rw(bits uint32) string {
	s := ""
	if bits&4 != 0 {
		s += "r"
	}
	if bits&2 != 0 {
		s += "w"
	}
	return s
}

// goMode carries the raw bits of chmod(2), as BuildKit's copy expects them.
func goMode(mode uint32) os.FileMode { return os.FileMode(mode) }

func numericOwner(uid, gid int) *bk.ChownOpt {
	return &bk.ChownOpt{User: &bk.UserOpt{UID: uid}, Group: &bk.UserOpt{UID: gid}}
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// hasGlob tells whether a source is a pattern.
func hasGlob(p string) bool {
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?', '[':
			return true
		case '\\':
			i++
		}
	}
	return false
}

// destination is where an entry ends up, when its last component is its own: a
// file that is fetched into a folder has the name of its URL there.
func destination(e *plan.Entry) string {
	if e.Into && e.HTTP != nil && !e.Extract {
		return path.Join(e.Dest, urlName(e.HTTP.URL))
	}
	return e.Dest
}
