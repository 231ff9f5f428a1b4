// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"context"
	"crypto/md5" //nolint:gosec // it is what dpkg's database has
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// An unpacker unpacks one package.
type unpacker struct {
	tree    *unpack.Tree
	control *archive.Control
	by      int
	filters Filters
	// filled are the bytes of the package's files in each part of the tree.
	filled []int64

	p         *Package
	list      strings.Builder
	conffiles map[string]int
	// sums are the lines of md5sums for a package that has none.
	sums     strings.Builder
	needSums bool
	sumOf    map[string]string
	buf      []byte
}

func (u *unpacker) name() string { return u.control.Fields.Get("Package") }

func (u *unpacker) unpack(ctx context.Context, a *archive.Archive, memory *budget) (*Package, error) {
	need := a.DataWindow()
	if err := memory.take(ctx, need); err != nil {
		return nil, err
	}
	defer memory.give(need)
	u.p = &Package{
		Control: u.control.Fields, Info: u.control.InfoName(),
		Triggers: string(u.control.File("triggers")), Preinst: string(u.control.File("preinst")),
	}
	if err := checkTriggers(u.p.Triggers); err != nil {
		return nil, err
	}
	u.needSums, u.sumOf = u.control.File("md5sums") == nil, map[string]string{}
	if err := u.readConffiles(); err != nil {
		return nil, err
	}
	data, err := a.Data()
	if err != nil {
		return nil, err
	}
	u.buf = make([]byte, 1<<17)
	err = unpack.Entries(ctx, data, unpack.Size{Installed: u.control.InstalledSize(), Compressed: a.DataSize()}, u.buf, u.entry)
	if err := errors.Join(err, data.Close()); err != nil {
		return nil, err
	}
	return u.p, u.writeInfo()
}

// removeOnUpgrade begins the line of a configuration file that older versions had.
const removeOnUpgrade = "remove-on-upgrade"

// readConffiles notes which files are for the user to change.
func (u *unpacker) readConffiles() error {
	u.conffiles = map[string]int{}
	for line := range strings.SplitSeq(string(u.control.File("conffiles")), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" {
			continue
		}
		line, removed := strings.CutPrefix(line, removeOnUpgrade+" ")
		if path.Clean(line) == "/" || line == "" || line[0] != '/' || slices.Contains(strings.Split(line, "/"), "..") || strings.ContainsFunc(line, unicode.IsControl) {
			return fmt.Errorf("read conffiles: %q isn't a path of the image", line)
		}
		if _, twice := u.conffiles[line]; twice {
			continue
		}
		u.conffiles[line] = len(u.p.Conffiles)
		u.p.Conffiles = append(u.p.Conffiles, Conffile{Path: line, Removed: removed})
	}
	return nil
}

// entry unpacks one file.
func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	p, err := unpack.CleanPath(h.Name)
	if err != nil {
		return err
	}
	dir := h.Typeflag == tar.TypeDir
	if which, ok := u.conffiles[p]; ok && u.p.Conffiles[which].Removed && !dir {
		return fmt.Errorf("unpack %s: the package has it, and conffiles says that it is removed", p)
	}
	u.note(p, h)
	if u.filters.skips(p, dir || h.Typeflag == tar.TypeSymlink) {
		return nil
	}
	at := archive.UsrPath(p, dir)
	n := &unpack.Node{
		By: u.by, Package: u.name(), Directory: dir, Link: h.Typeflag == tar.TypeSymlink,
		Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid,
	}
	if !dir && strings.HasPrefix(at, "/var/lib/dpkg/") {
		return fmt.Errorf("write %s: a package can't have a part of dpkg's database", p)
	}
	if h.Typeflag == tar.TypeReg {
		n.Part = u.part(h.Size)
	}
	name, target := p[1:], ""
	if h.Typeflag == tar.TypeLink {
		if target, err = unpack.CleanPath(h.Linkname); err != nil {
			return err
		}
	}
	err = u.tree.Put(at, n, h, unpack.Content{
		Copy: func(w io.Writer) error { return u.copy(w, name, r) },
		Link: archive.UsrPath(target, false),
	})
	if err == nil && target != "" {
		u.noteSum(name, u.sumOf[target[1:]])
	}
	if err != nil && !errors.Is(err, unpack.ErrElsewhere) {
		return fmt.Errorf("unpack %s: %w", p, err)
	}
	return nil
}

// part is where a file of that many bytes goes: where the fewest are, beginning
// somewhere that the package's name says, or the one large file of each of many packages
// would go to the first part. That follows from the package alone, whatever is
// unpacked beside it.
func (u *unpacker) part(size int64) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(u.name())) // a hash takes everything
	part := int(h.Sum32() % uint32(len(u.filled)))
	for i := range u.filled {
		if u.filled[i] < u.filled[part] {
			part = i
		}
	}
	u.filled[part] += size
	return part
}

// note enters a file in the lists of what the package has.
func (u *unpacker) note(p string, h *tar.Header) {
	if p == "/" {
		u.list.WriteString("/.\n")
	} else {
		u.list.WriteString(p + "\n")
	}
	switch h.Typeflag {
	case tar.TypeDir:
		u.p.Directories = append(u.p.Directories, Directory{Path: p, Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid})
	case tar.TypeSymlink:
		u.p.Links = append(u.p.Links, p)
	default:
		u.p.Files = append(u.p.Files, p)
	}
	u.owner(Owner{Name: h.Uname, ID: h.Uid})
	u.owner(Owner{Name: h.Gname, ID: h.Gid, Group: true})
}

func (u *unpacker) owner(o Owner) {
	if o.Name != "" && (o.Name != "root" || o.ID != 0) && !slices.Contains(u.p.Owners, o) {
		u.p.Owners = append(u.p.Owners, o)
	}
}

// copy copies a file's content, and notes its sum if that is needed.
func (u *unpacker) copy(f io.Writer, name string, r io.Reader) error {
	if _, isConffile := u.conffiles["/"+name]; !isConffile && !u.needSums {
		return unpack.Copy(f, r, u.buf)
	}
	sum := md5.New() //nolint:gosec // it is what dpkg's database has
	if err := unpack.Copy(f, io.TeeReader(r, sum), u.buf); err != nil {
		return err
	}
	u.noteSum(name, hex.EncodeToString(sum.Sum(nil)))
	return nil
}

// noteSum notes the sum of a file, which may have other names: for them, for a
// configuration file, and for md5sums.
func (u *unpacker) noteSum(name, sum string) {
	u.sumOf[name] = sum
	if which, ok := u.conffiles["/"+name]; ok {
		u.p.Conffiles[which].MD5 = sum
	}
	if u.needSums {
		u.sums.WriteString(sum + "  " + name + "\n")
	}
}
