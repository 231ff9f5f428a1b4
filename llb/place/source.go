// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// item is an entry with its source as a state.
type item struct {
	*plan.Entry
	// from is the state that holds the source, and src its path there.
	from bk.State
	src  string
	// contents says that src is a directory whose contents go to Dest if it is one.
	contents bool
	// pattern says that src is a pattern, and not a path.
	pattern bool
	// trimModes makes the modes of local files independent of the umask that
	// they were checked out with.
	trimModes bool
}

// opener finds the states that the entries of a layer copy from.
type opener struct {
	placer *Placer
	ops    *op.Maker
	// report is the file that a step which unpacks an archive leaves its error in;
	// empty if it is to fail.
	report string
}

// item finds the state that an entry copies from.
func (o opener) item(ctx context.Context, e *plan.Entry) (item, error) {
	it := item{Entry: e, src: "/"}
	switch {
	case e.HTTP != nil:
		var err error
		if it.from, it.src, err = o.fetch(e); err != nil {
			return item{}, &plan.Fault{Range: e.Range, Err: err}
		}
	case e.Git != nil:
		st, err := o.checkout(e)
		if err != nil {
			return item{}, err
		}
		it.from, it.src = o.filtered(st, "/", e.Git.Include, e.Git.Exclude, e)
		it.contents = true
	case e.Copy != nil:
		st, err := o.placer.find(ctx, e.Copy.From)
		if err != nil {
			return item{}, err
		}
		it.from, it.src, it.contents = op.Restart(st), e.Copy.Path, true
		it.trimModes = e.Copy.Checkout
		if err := o.settle(ctx, &it); err != nil {
			return item{}, &plan.Fault{Range: e.Range, Err: err}
		}
		switch {
		case it.pattern && !e.Extract:
			it.from, it.src, it.pattern = o.matched(it), "/", false
		case len(e.Copy.Include)+len(e.Copy.Exclude) > 0:
			it.from, it.src = o.filtered(it.from, it.src, e.Copy.Include, e.Copy.Exclude, e)
		}
	}
	if e.Extract {
		st, err := o.unpacked(it)
		if err != nil {
			return item{}, &plan.Fault{Range: e.Range, Err: err}
		}
		it.from, it.src, it.contents = st, unpackedPath, true
		it.pattern, it.trimModes = false, false
	}
	if it.contents && e.Mode != nil && *e.Mode&0o111 == 0 {
		it.from, it.src = o.withoutX(it)
	}
	return it, nil
}

// fetch is the state of an HTTP source and the file's path there.
func (o opener) fetch(e *plan.Entry) (bk.State, string, error) {
	st := Fetched(o.ops, e.HTTP, e.Extract, o.ops.At(e.Range))
	if e.HTTP.Signature == nil {
		return st, "/" + fetchedName(e.HTTP), nil
	}
	name := fileName
	if e.Extract {
		name = ""
	}
	st, err := Verified(o.ops, st, e.HTTP, name, "")
	return st, "/" + fileName, err
}

// fileName is what a file is called that is fetched, and fetchedName what an attempt at it is.
const fileName = "file"

func fetchedName(f *plan.HTTP) string { return attemptName(fileName, f) }

// attemptName is a name of a file by which BuildKit tells its attempts from each other.
func attemptName(name string, f *plan.HTTP) string {
	name = op.AttemptName(name, f.Attempt)
	if f.Afresh != "" {
		name += "-" + f.Afresh
	}
	return name
}

// ownOwner is the owner of an archive that has its server's name: its mode and its owner,
// which count for nothing, tell attempts from each other then. They are ids that every
// user namespace has.
func ownOwner(f *plan.HTTP) (uid, gid int) {
	if f.Afresh == "" {
		return 0, 0
	}
	sum := sha256.Sum256([]byte(f.Afresh))
	return int(binary.BigEndian.Uint16(sum[:]) >> 1), int(binary.BigEndian.Uint16(sum[2:]) >> 1)
}

// Fetched is a tree with nothing but a fetched file, under its server's name for it if
// that is wanted.
func Fetched(ops *op.Maker, f *plan.HTTP, ownName bool, at bk.ConstraintsOpt) bk.State {
	opts := []bk.HTTPOption{bk.Chmod(0o644), bk.Chown(0, 0), at, bk.WithCustomName(ops.Name("fetch " + printable.Address(f.URL)))}
	if !ownName {
		opts = append(opts, bk.Filename(fetchedName(f)))
	} else {
		opts = append(opts, bk.Chown(ownOwner(f)))
		if f.Attempt > 0 {
			opts = append(opts, bk.Chmod(op.Mode(uint32(0o600+f.Attempt%8)))) //nolint:gosec // it is small
		}
	}
	if f.Checksum != "" {
		opts = append(opts, bk.Checksum(digest.Digest(f.Checksum)))
	}
	return bk.HTTP(f.URL, opts...)
}

// filtered is what of a path the patterns select, and where that is in its state: a file,
// of which they select nothing, goes to a place of its own. Such a copy stamps the directories
// it makes with the clock; the copy after it sets all times.
func (o opener) filtered(st bk.State, src string, include, exclude []string, e *plan.Entry) (bk.State, string) {
	if len(include)+len(exclude) == 0 && src == "/" {
		return st, "/"
	}
	to := "/"
	if src != "/" && !e.Into { // into a directory a file goes under its own name
		to = selectedDir
	}
	return bk.Scratch().File(bk.Copy(st, src, to, &bk.CopyInfo{
		CopyDirContentsOnly: true,
		FollowSymlinks:      true,
		IncludePatterns:     include,
		ExcludePatterns:     exclude,
	}), o.ops.At(e.Range), bk.WithCustomName(o.ops.Name("select files for "+e.Dest))), to
}

// matched is what an item's pattern matches, each under its own name, as the root of a
// state. Like that, directories among it meet those of the base as any others do.
func (o opener) matched(it item) bk.State {
	return bk.Scratch().File(bk.Copy(o.looked(it), it.src, "/", &bk.CopyInfo{
		FollowSymlinks:     true,
		AllowWildcard:      true,
		AllowEmptyWildcard: it.Optional,
		IncludePatterns:    it.Copy.Include,
		ExcludePatterns:    it.Copy.Exclude,
	}), o.ops.At(it.Range), bk.WithCustomName(o.ops.Name("select files for "+it.Dest)))
}

// looked is what an item's pattern is looked for in. BuildKit fails where there isn't the
// directory to look into, also for a pattern that may match nothing.
func (o opener) looked(it item) bk.State {
	dir := plan.KnownDir(it.src)
	if !it.pattern || !it.Optional || dir == "/" {
		return it.from
	}
	made := bk.Mkdir(dir, 0o755, bk.WithParents(true), bk.WithCreatedTime(op.FileTime()))
	return op.Restart(it.from.File(made, o.ops.At(it.Range), bk.WithCustomName("[internal] look for "+dir)))
}

// withoutX is the source with no execute bit anywhere, so that "+X" in chmod is
// about directories alone.
func (o opener) withoutX(it item) (bk.State, string) {
	st := bk.Scratch().File(bk.Copy(it.from, it.src, "/", &bk.CopyInfo{
		Mode:                &bk.ChmodOpt{ModeStr: "a-x"},
		FollowSymlinks:      true,
		CopyDirContentsOnly: it.src == "/",
	}), o.ops.At(it.Range), bk.WithCustomName(o.ops.Name("select files for "+it.Dest)))
	if it.src == "/" {
		return st, "/"
	}
	return st, "/" + path.Base(it.src)
}

// copyInfo is how an item that has a source is copied.
func (f *layer) copyInfo(it item, uid, gid int) *bk.CopyInfo {
	info := &bk.CopyInfo{
		FollowSymlinks:      true,
		CopyDirContentsOnly: it.contents,
		CreateDestPath:      true,
		CreatedTime:         new(op.FileTime()),
	}
	switch {
	case it.Mode != nil:
		info.Mode = chmod(uint32(*it.Mode), it.contents)
	case it.trimModes && it.ModeChange != "":
		info.Mode = &bk.ChmodOpt{ModeStr: op.CheckoutModes + "," + it.ModeChange}
	case it.trimModes:
		info.Mode = op.CheckoutMode()
	case it.ModeChange != "":
		info.Mode = &bk.ChmodOpt{ModeStr: it.ModeChange}
	}
	if it.Owner != nil || !it.Extract && !it.KeepOwners {
		info.ChownOpt = op.Owner(uid, gid)
	}
	return info
}

// chmod sets exactly mode on files. In a tree, directories can also be entered by
// whoever may read them, unless the mode says something about entering.
func chmod(mode uint32, tree bool) *bk.ChmodOpt {
	if !tree || mode&0o111 != 0 {
		return &bk.ChmodOpt{Mode: op.Mode(mode)}
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
