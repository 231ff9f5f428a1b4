// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // apk's database has it
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// An unpacker unpacks one package.
type unpacker struct {
	tree  *unpack.Tree
	image skeleton
	by    int
	p     *Package
	buf   []byte
	sums  map[string]string // of files so far, by their paths
}

func (u *unpacker) unpack(ctx context.Context, a *archive.Archive) error {
	u.buf, u.sums = make([]byte, 1<<17), map[string]string{}
	data, err := a.Data()
	if err != nil {
		return err
	}
	if err := unpack.Entries(ctx, data, unpack.Size{Installed: a.Info.InstalledSize, Compressed: a.DataSize()}, u.buf, u.entry); err != nil {
		return err
	}
	return u.sort()
}

// entry unpacks one file. What has a dot in front at the top is about the
// package, and apk doesn't install it.
func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	p, err := unpack.CleanPath(h.Name)
	if err != nil {
		return err
	}
	if p == "/" || strings.HasPrefix(p, "/.") {
		return nil
	}
	f := File{User: h.Uname, Group: h.Gname}
	f.Path, f.Directory = p[1:], h.Typeflag == tar.TypeDir
	f.Mode, f.UID, f.GID = uint32(h.Mode)&0o7777, h.Uid, h.Gid
	if f.At, err = u.image.place(p, f.Directory); err != nil {
		return err
	}
	if !f.Directory && (isDatabase(p) || isDatabase(f.At)) {
		return fmt.Errorf("write %s: a package can't have a part of apk's database", p)
	}
	if err := u.put(&f, h, r); err != nil && !errors.Is(err, unpack.ErrElsewhere) {
		return fmt.Errorf("unpack %s: %w", p, err)
	}
	u.p.Files = append(u.p.Files, f)
	return nil
}

func (u *unpacker) put(f *File, h *tar.Header, r io.Reader) error {
	n := &unpack.Node{
		By: u.by, Package: u.p.Info.Name, Directory: f.Directory, Link: h.Typeflag == tar.TypeSymlink,
		Mode: f.Mode, UID: f.UID, GID: f.GID,
	}
	if err := u.directories(f, n); err != nil {
		return err
	}
	want, err := archive.FileChecksum(h)
	if err != nil {
		return err
	}
	attrs, err := extended(h)
	if err != nil {
		return err
	}
	f.XAttrs = checksumOf(attrs)
	content := unpack.Content{XAttrs: attrs}
	switch h.Typeflag {
	case tar.TypeSymlink:
		f.Checksum = control.Q1([]byte(h.Linkname))
	case tar.TypeLink:
		target, err := unpack.CleanPath(h.Linkname)
		if err != nil {
			return err
		}
		if content.Link, err = u.image.place(target, false); err != nil {
			return err
		}
		f.Checksum = u.sums[content.Link]
	}
	content.Copy = func(w io.Writer) error {
		sum := sha1.New() //nolint:gosec // it is apk's format
		if err := unpack.Copy(w, io.TeeReader(r, sum), u.buf); err != nil {
			return err
		}
		f.Checksum = control.Q1Of(sum.Sum(nil))
		u.sums[f.At] = f.Checksum
		return nil
	}
	if err := u.tree.Put(f.At, n, h, content); err != nil {
		// Another package of the layer has the path; this one's is as it says.
		f.Checksum = cmp.Or(f.Checksum, want)
		return err
	}
	if want != "" && h.Typeflag != tar.TypeLink && !f.Directory && want != f.Checksum {
		return fmt.Errorf("%w: it has %s, its archive says %s", control.ErrChecksum, f.Checksum, want)
	}
	return nil
}

// directories makes sure that the directories above a file, and the directory that it is,
// are as in the image where the image has them.
func (u *unpacker) directories(f *File, n *unpack.Node) error {
	if f.Directory {
		if _, err := u.image.adopt(f.At, n); err != nil {
			return err
		}
	}
	for dir := path.Dir(f.At); dir != "/" && u.image != ""; dir = path.Dir(dir) {
		above := &unpack.Node{By: u.by, Package: n.Package, Directory: true}
		there, err := u.image.adopt(dir, above)
		if err == nil && there {
			err = u.tree.AddDirectory(dir, above)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const xattrPrefix = "SCHILY.xattr."

// extended are the extended attributes of a file.
func extended(h *tar.Header) (map[string]string, error) {
	var out map[string]string
	for key, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(key, xattrPrefix)
		if !ok {
			continue
		}
		if name != "security.capability" && !strings.HasPrefix(name, "user.") {
			return nil, fmt.Errorf("it has the extended attribute %.80q, which a package must not have", name)
		}
		if h.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("it has the extended attribute %.80q and isn't a file", name)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = value
	}
	return out, nil
}

// checksumOf is apk's checksum of extended attributes.
func checksumOf(attrs map[string]string) string {
	if len(attrs) == 0 {
		return ""
	}
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		b.WriteString(name + attrs[name])
	}
	return control.Q1(b.Bytes())
}

// sort brings the files into the order of the database: each directory is followed
// by the files in it.
func (u *unpacker) sort() error {
	have := map[string]bool{}
	for _, f := range u.p.Files {
		if have[f.Path] {
			return fmt.Errorf("it has /%s twice", f.Path)
		}
		have[f.Path] = true
	}
	for _, f := range slices.Clone(u.p.Files) {
		dir := path.Dir(f.Path)
		if f.Directory || dir == "." && have[""] || have[dir] {
			continue
		}
		if dir == "." {
			dir = ""
		}
		have[dir] = true
		u.p.Files = append(u.p.Files, File{File: control.File{Path: dir, Directory: true, Mode: 0o755}, At: path.Dir(f.At)})
	}
	key := func(f *File) (dir, name string) {
		if f.Directory {
			return f.Path, ""
		}
		dir, name = path.Split(f.Path)
		return strings.TrimSuffix(dir, "/"), name
	}
	slices.SortFunc(u.p.Files, func(a, b File) int {
		dirA, nameA := key(&a)
		dirB, nameB := key(&b)
		return cmp.Or(strings.Compare(dirA, dirB), strings.Compare(nameA, nameB))
	})
	return nil
}
