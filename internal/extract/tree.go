// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/inroot"
)

// A tree is a directory that an archive is unpacked into.
type tree struct {
	root             *os.Root
	room             *room
	strip            int
	include, exclude *patternmatcher.PatternMatcher
	// seen and taken count the archive's files, and those of them that are wanted.
	seen, taken int
}

func newTree(root *os.Root, o Options, room *room) (*tree, error) {
	t := &tree{root: root, room: room, strip: o.Strip}
	var err error
	if t.include, err = matcher(o.Include); err != nil {
		return nil, fmt.Errorf("read include: %w", err)
	}
	if t.exclude, err = matcher(o.Exclude); err != nil {
		return nil, fmt.Errorf("read exclude: %w", err)
	}
	return t, nil
}

// matcher is nil if there are no patterns.
func matcher(patterns []string) (*patternmatcher.PatternMatcher, error) {
	if len(patterns) == 0 {
		return nil, nil //nolint:nilnil // no patterns, no matcher
	}
	var relative []string
	for _, p := range patterns {
		if rest, ok := strings.CutPrefix(p, "!"); ok {
			relative = append(relative, "!"+strings.TrimPrefix(rest, "/"))
			continue
		}
		relative = append(relative, strings.TrimPrefix(p, "/"))
	}
	return patternmatcher.New(relative)
}

// finish fails where nothing of an archive is left.
func (t *tree) finish() error {
	if t.seen > 0 && t.taken == 0 {
		return errors.New("nothing in it is left by include, exclude and strip")
	}
	return nil
}

// deletion is what names begin with that mean deletions.
const deletion = ".wh."

// errOutside says that a file of an archive would be outside the destination.
var errOutside = errors.New("its path leads out of the archive")

// inside is a path of an archive in its shortest form; empty for the root.
func inside(name string) (string, error) {
	if strings.ContainsRune(name, 0) {
		return "", errors.New("its name has a zero byte")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errOutside
		}
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/"), nil
}

// stripped leaves out the first components of a path; empty if there are no more.
func (t *tree) stripped(name string) string {
	for range t.strip {
		_, rest, _ := strings.Cut(name, "/")
		name = rest
	}
	return name
}

// place is where a file of the archive goes, without links on the way, once the
// directories above it are made and what is in its place is removed; empty if the file
// isn't wanted.
func (t *tree) place(name string, isDir bool) (string, error) {
	name, err := inside(name)
	if err != nil || name == "" {
		return "", err
	}
	if !isDir {
		t.seen++
	}
	wanted, err := t.wants(name)
	if err != nil || !wanted {
		return "", err
	}
	at := t.stripped(name)
	if at == "" {
		return "", nil
	}
	if slices.ContainsFunc(strings.Split(at, "/"), func(part string) bool { return strings.HasPrefix(part, deletion) }) {
		return "", fmt.Errorf("names that begin with %s mean deletions in an image's layer; leave it out with exclude", deletion)
	}
	if !isDir {
		t.taken++
	}
	if at, err = t.resolve(at); err != nil {
		return "", err
	}
	if dir := path.Dir(at); dir != "." {
		if err := t.root.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	switch info, err := t.root.Lstat(at); {
	case err == nil && !(isDir && info.IsDir()):
		return at, t.root.RemoveAll(at)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return at, nil
}

// wants reports whether the patterns select a path.
func (t *tree) wants(name string) (bool, error) {
	if t.include != nil {
		if ok, err := t.include.MatchesOrParentMatches(name); err != nil || !ok {
			return false, err
		}
	}
	if t.exclude != nil {
		if out, err := t.exclude.MatchesOrParentMatches(name); err != nil || out {
			return false, err
		}
	}
	return true, nil
}

// resolve follows the links of the tree above a path, inside the tree.
func (t *tree) resolve(at string) (string, error) {
	dir, kind, err := inroot.Follow(t.look, path.Dir("/"+at))
	if err != nil {
		return "", err
	}
	if kind == inroot.Other {
		return "", fmt.Errorf("%w: %s", inroot.ErrNotDirectory, strings.TrimPrefix(dir, "/"))
	}
	return strings.TrimPrefix(path.Join(dir, path.Base(at)), "/"), nil
}

// look says what is at a path of the tree.
func (t *tree) look(at, _ string) (inroot.Kind, string, error) {
	name := strings.TrimPrefix(at, "/")
	info, err := t.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return inroot.Absent, "", nil
	case err != nil:
		return inroot.Absent, "", err
	case info.IsDir():
		return inroot.Directory, "", nil
	case info.Mode()&fs.ModeSymlink == 0:
		return inroot.Other, "", nil
	}
	target, err := t.root.Readlink(name)
	return inroot.Link, target, err
}

// attributes are what an archive says of a file.
type attributes struct {
	mode     uint32
	uid, gid int
	xattrs   []xattr
}

// An xattr is an extended attribute.
type xattr struct{ name, value string }

func (t *tree) directory(at string, a attributes) error {
	if err := t.root.Mkdir(at, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := t.root.Open(at)
	if err != nil {
		return err
	}
	return errors.Join(a.apply(f), f.Close())
}

func (t *tree) file(at string, a attributes, size int64, content io.Reader) error {
	content, err := t.room.take(size, content)
	if err != nil {
		return err
	}
	f, err := t.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, content); err != nil {
		err = notWhole(err)
	} else {
		err = a.apply(f)
	}
	return errors.Join(err, f.Close())
}

// notWhole says that an archive ends too early, unless it has too much.
func notWhole(err error) error {
	if errors.Is(err, errTooMuch) {
		return err
	}
	return fmt.Errorf("%w: %w", errWhole, err)
}

// apply gives an open file its attributes. A change of owner clears the setuid bit and
// the capabilities, so the owner comes first.
func (a attributes) apply(f *os.File) error {
	if err := f.Chown(a.uid, a.gid); err != nil {
		return err
	}
	for _, x := range a.xattrs {
		err := unix.Fsetxattr(int(f.Fd()), x.name, []byte(x.value), 0)
		if err != nil && !(errors.Is(err, unix.ENOTSUP) && x.name != "security.capability") {
			return fmt.Errorf("set extended attribute %s: %w", x.name, err)
		}
	}
	if err := unix.Fchmod(int(f.Fd()), a.mode); err != nil {
		return fmt.Errorf("set mode %04o: %w", a.mode, err)
	}
	return nil
}

func (t *tree) symlink(at, target string, a attributes) error {
	if target == "" || strings.ContainsRune(target, 0) {
		return fmt.Errorf("it is a link to %q", target)
	}
	if err := t.root.Symlink(target, at); err != nil {
		return err
	}
	return t.root.Lchown(at, a.uid, a.gid)
}

// link makes another name for a file that came before.
func (t *tree) link(at, target string) error {
	name, err := inside(target)
	if err != nil {
		return err
	}
	wanted, err := t.wants(name)
	if err != nil {
		return err
	}
	to := t.stripped(name)
	if !wanted || to == "" {
		return fmt.Errorf("it is another name for %s, which include, exclude or strip leave out", name)
	}
	if to, err = t.resolve(to); err != nil {
		return err
	}
	if err := t.root.Link(to, at); err != nil {
		return fmt.Errorf("it is another name for %s: %w", name, errors.Unwrap(err))
	}
	return nil
}

// hasItself reports whether a file that is there already is to be another name for itself:
// so tar packs a file of several names that it was told of twice.
func (t *tree) hasItself(name, target string) bool {
	name, err := inside(name)
	if err != nil {
		return false
	}
	if target, err = inside(target); err != nil || name != target {
		return false
	}
	at, err := t.resolve(t.stripped(name))
	if err != nil {
		return false
	}
	info, err := t.root.Lstat(at)
	return err == nil && !info.IsDir()
}

// node makes a fifo or a device.
func (t *tree) node(at string, kind uint32, device int, a attributes) error {
	dir, err := t.root.Open(path.Dir(at))
	if err != nil {
		return err
	}
	defer dir.Close()
	in, name := int(dir.Fd()), path.Base(at)
	if err := unix.Mknodat(in, name, kind|0o600, device); err != nil {
		return fmt.Errorf("make device or fifo: %w", err)
	}
	if err := unix.Fchownat(in, name, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set owner %d:%d: %w", a.uid, a.gid, err)
	}
	if err := unix.Fchmodat(in, name, a.mode, 0); err != nil {
		return fmt.Errorf("set mode %04o: %w", a.mode, err)
	}
	return nil
}
