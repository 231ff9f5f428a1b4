// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// checkFiles looks for files that two packages have, of which neither replaces
// the other's. apk doesn't install those either.
func (in *installer) checkFiles() error {
	owner := map[string]*control.Record{}
	for _, r := range in.db.installed {
		files, err := r.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			if !f.Directory {
				owner[f.Path] = r
			}
		}
	}
	first := map[string]*Package{}
	for _, p := range in.packages {
		for _, f := range p.Files {
			if f.Directory {
				continue
			}
			if r := owner[f.Path]; r != nil && claimOf(r).clashes(p.claim()) {
				return fmt.Errorf("%s and %s of the base both have /%s", p.Info.Name, r.Name, f.Path)
			}
			other := first[f.Path]
			if other != nil && other.claim().clashes(p.claim()) {
				return fmt.Errorf("%s and %s both have /%s", other.Info.Name, p.Info.Name, f.Path)
			}
			first[f.Path] = p
		}
	}
	return nil
}

// take enters a package in the database. Files that it takes from others are no
// longer theirs there.
func (in *installer) take(p *Package) error {
	mine := map[string]bool{}
	for _, f := range p.Files {
		if f.Directory {
			in.changed[f.Path] = true // even if nothing is in it, for apk
			continue
		}
		mine[f.Path] = true
		in.changed[dirOf(f.Path)] = true
	}
	for _, r := range in.db.installed {
		files, err := r.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Directory || !mine[f.Path] {
				continue
			}
			stays, err := in.staysWith(r, f, p)
			if err != nil {
				return err
			}
			if stays {
				p.Files = slices.DeleteFunc(p.Files, func(g File) bool { return g.Path == f.Path })
			} else {
				r.Disown(f.Path)
			}
		}
	}
	return in.db.add(p)
}

// staysWith reports whether a file that two packages have belongs to the one that
// is installed already. What is in the image must be what that leads to.
func (in *installer) staysWith(r *control.Record, f control.File, p *Package) (bool, error) {
	i := slices.IndexFunc(p.Files, func(g File) bool { return g.Path == f.Path })
	at := filepath.Join(in.Root, p.Files[i].At)
	sum, err := checksumAt(at)
	if err != nil {
		return false, err
	}
	keep := claimOf(r).keeps(p.claim())
	want := p.Files[i].Checksum
	if keep {
		want = f.Checksum
	}
	if sum != want && want != "" && keep && !slices.ContainsFunc(in.packages, func(other *Package) bool { return other.Info.Name == r.Name }) {
		return false, fmt.Errorf("%s of the base keeps /%s from %s by its replaces_priority, and the other one is in the image; take %s of the base away in a build layer before this one, or leave out %s",
			r.Name, f.Path, p.Info.Name, r.Name, p.Info.Name)
	}
	if sum != want && want != "" {
		return false, fmt.Errorf("%s and %s both have /%s, and the wrong one is in the image; put them into packages layers of their own, in the right order",
			r.Name, p.Info.Name, f.Path)
	}
	return keep, nil
}

// checksumAt is apk's checksum of a file or a link.
func checksumAt(at string) (string, error) {
	if target, err := os.Readlink(at); err == nil {
		return control.Q1([]byte(target)), nil
	}
	data, err := os.ReadFile(at)
	return control.Q1(data), err
}

// own gives files their owners by name, if the image knows the names by other
// numbers than the package.
func (in *installer) own(p *Package) error {
	for i := range p.Files {
		f := &p.Files[i]
		uid, err := in.id(rootdir.Users, f.User, f.UID)
		if err != nil {
			return err
		}
		gid, err := in.id(rootdir.Groups, f.Group, f.GID)
		if err != nil {
			return err
		}
		if uid == f.UID && gid == f.GID {
			continue
		}
		at := filepath.Join(in.Root, f.At)
		var st unix.Stat_t
		if err := unix.Lstat(at, &st); err != nil {
			return err
		}
		if int(st.Uid) != f.UID || int(st.Gid) != f.GID {
			f.UID, f.GID = uid, gid
			continue // the image's own directory, or another package's file
		}
		f.UID, f.GID = uid, gid
		if err := chown(at, &st, uid, gid); err != nil {
			return err
		}
	}
	return nil
}

// chown changes an owner. The kernel takes setuid and capabilities away with that, and they
// are given back.
func chown(at string, st *unix.Stat_t, uid, gid int) error {
	const attribute = "security.capability"
	capabilities := make([]byte, 64) // it has 24 bytes at most
	n, err := unix.Lgetxattr(at, attribute, capabilities)
	if err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("read the capabilities of %s: %w", at, err)
	}
	has := err == nil
	if err := unix.Lchown(at, uid, gid); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK && st.Mode&0o7000 != 0 {
		if err := unix.Chmod(at, st.Mode&0o7777); err != nil {
			return err
		}
	}
	if !has {
		return nil
	}
	if err := unix.Lsetxattr(at, attribute, capabilities[:n], 0); err != nil {
		return fmt.Errorf("give %s its capabilities: %w", at, err)
	}
	return nil
}

// id is the number that a name has in a file of accounts, or the package's own.
func (in *installer) id(file, name string, number int) (int, error) {
	if name == "" || name == "root" {
		return number, nil
	}
	text, err := rootdir.Root(in.Root).Number(file, name)
	if err != nil {
		return 0, err
	}
	if n, err := strconv.Atoi(text); err == nil && unpack.IsOwner(n) {
		return n, nil
	}
	return number, nil
}

// discard takes away the files of an installed package that no other has now,
// and the directories that are left empty.
func (in *installer) discard(old *control.Record) error {
	keep := map[string]bool{}
	for _, p := range in.packages {
		for _, f := range p.Files {
			keep[f.Path], keep[f.At[1:]] = true, true
		}
	}
	for _, r := range in.db.installed {
		if r == old {
			continue
		}
		files, err := r.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			keep[f.Path] = true
		}
	}
	files, err := old.Files()
	if err != nil {
		return err
	}
	rules, err := readProtected(cmp.Or(in.Base, in.Root))
	if err != nil {
		return err
	}
	slices.Reverse(files)
	for _, f := range files {
		if f.Directory {
			in.changed[f.Path] = true
		}
		if keep[f.Path] || f.Path == "" {
			continue
		}
		if err := in.discardFile(f, keep, !f.Directory && rules.protect(dirOf(f.Path))); err != nil {
			return err
		}
	}
	return nil
}

// discardFile removes a file, unless apk protects it and it was changed, or it is one to
// keep: what had been lib/x is usr/lib/x where a link leads.
func (in *installer) discardFile(f control.File, keep map[string]bool, protected bool) error {
	dir, err := skeleton(in.Root).directory("/" + path.Dir(f.Path))
	if err != nil {
		return err
	}
	at := path.Join(dir, path.Base(f.Path))
	if keep[at[1:]] {
		return nil
	}
	at = filepath.Join(in.Root, at)
	if protected {
		if err := os.Remove(at + newSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			return err
		}
	}
	info, err := os.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	if protected && (info.Mode().IsRegular() || info.Mode()&fs.ModeSymlink != 0) {
		if sum, err := checksumAt(at); err != nil || sum != f.Checksum {
			return err
		}
	}
	if info.IsDir() != f.Directory {
		return nil
	}
	if err := os.Remove(at); err != nil && !(f.Directory && (errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EBUSY))) {
		return err
	}
	return nil
}
