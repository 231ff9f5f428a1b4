// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
	"github.com/strata-build/strata/internal/tree"
)

// Bringer says which package has something that isn't there.
func (s *Shell) Bringer(what string) string {
	if p := s.Packages[what]; p != "" {
		return fmt.Sprintf("; add %s to \"names\"", p)
	}
	return ""
}

// number is that of a user's or group's name in a file of accounts; it is empty if
// the file doesn't have it.
func (c *Call) number(file, name string) (string, error) {
	if _, err := c.Files().Stat(file, true); errors.Is(err, fs.ErrNotExist) {
		return "", refuse("there is no %s%s", file, c.Shell.Bringer(file))
	}
	return c.Files().Root.Number(file, name)
}

// id is the number that stands for a name, or -1, which changes nothing, for none.
func (c *Call) id(file, name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	text := name
	if strings.Trim(name, "0123456789") != "" {
		number, err := c.number(file, name)
		if err != nil {
			return 0, err
		}
		if number == "" {
			what := "user"
			if file == rootdir.Groups {
				what = "group"
			}
			return 0, fmt.Errorf("invalid %s: %q", what, name)
		}
		text = number
	}
	n, err := strconv.Atoi(text)
	if err != nil || !unpack.IsOwner(n) {
		return 0, refuse("%s can't be an owner", text)
	}
	return n, nil
}

// Owner reads user:group; a number is -1 where it isn't to be changed.
func (c *Call) Owner(text string) (uid, gid int, err error) {
	user, group, _ := strings.Cut(text, ":")
	if strings.HasSuffix(text, ":") && text != ":" {
		return 0, 0, refuse("it names no group")
	}
	if i := strings.IndexByte(user, '.'); i > 0 && group == "" {
		user, group = user[:i], user[i+1:]
	}
	if uid, err = c.id(rootdir.Users, user); err != nil {
		return 0, 0, err
	}
	gid, err = c.id(rootdir.Groups, group)
	return uid, gid, err
}

func chown(c *Call) error {
	opt, rest, err := c.Options("h no-dereference=h R recursive=R f silent=f quiet=f v verbose=v c changes=v reference:")
	if err != nil {
		return err
	}
	if opt.Has("reference") {
		var st syscall.Stat_t
		if st, err = c.reference(opt); err != nil {
			return err
		}
		id := fmt.Sprintf("%d:%d", st.Uid, st.Gid)
		if path.Base(c.Args[0]) == "chgrp" {
			id = fmt.Sprint(st.Gid)
		}
		rest = append([]string{id}, rest...)
	}
	if err := operands(rest, 2); err != nil {
		return err
	}
	if path.Base(c.Args[0]) == "chgrp" {
		rest[0] = ":" + rest[0]
	}
	uid, gid, err := c.Owner(rest[0])
	if err != nil {
		return err
	}
	return c.each(rest[1:], opt.Has("R"), func(p string) error { return c.setOwner(p, uid, gid, opt.Has("h", "R")) })
}

// reference is the file that --reference names.
func (c *Call) reference(opt Options) (syscall.Stat_t, error) {
	info, err := c.Files().Stat(c.Path(opt.Value("reference")), true)
	if err != nil {
		return syscall.Stat_t{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return syscall.Stat_t{}, refuse("what its option --reference names isn't known")
	}
	return *st, nil
}

// each does something to paths, and to all below them.
func (c *Call) each(paths []string, recursive bool, do func(p string) error) error {
	for _, p := range paths {
		p = c.Path(p)
		if err := do(p); err != nil {
			return err
		}
		if !recursive {
			continue
		}
		err := c.walk(p, func(p string, _ fs.DirEntry) error { return do(p) })
		if err != nil {
			return err
		}
	}
	return nil
}

// walk visits all that is below a directory, in the order of the names.
func (c *Call) walk(dir string, visit func(p string, d fs.DirEntry) error) error {
	info, err := c.Files().Stat(dir, false)
	if err != nil || !info.IsDir() {
		return err
	}
	entries, err := c.Files().ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		if err := visit(p, e); err != nil {
			return err
		}
		if e.IsDir() {
			if err := c.walk(p, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// setOwner changes an owner. A change takes bits of the mode away, as for programs
// that any user may run, so they are put back as chown(1) leaves them: a directory's
// stay, and those of files go.
func (c *Call) setOwner(p string, uid, gid int, link bool) error {
	info, err := c.Files().Stat(p, !link)
	if err != nil {
		return err
	}
	if err := c.Files().Touched(p); err != nil {
		return err
	}
	at := c.Files().At(p)
	if link {
		err = os.Lchown(at, uid, gid)
	} else {
		err = os.Chown(at, uid, gid)
	}
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return c.Files().named(err, p)
	}
	return nil
}

func chmod(c *Call) error {
	opt, rest, err := (&Call{Args: quoteModes(c.Args)}).Options("R recursive=R f silent=f quiet=f v verbose=v c changes=v reference:")
	if err != nil {
		return err
	}
	if opt.Has("reference") {
		st, err := c.reference(opt)
		if err != nil {
			return err
		}
		rest = append([]string{fmt.Sprintf("=mode=%05o", st.Mode&0o7777)}, rest...)
	}
	if err := operands(rest, 2); err != nil {
		return err
	}
	mode := strings.TrimPrefix(rest[0], "=mode=")
	return c.each(rest[1:], opt.Has("R"), func(p string) error {
		info, err := c.Files().Stat(p, false)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if opt.Has("R") && p != c.Path(rest[1]) {
				return nil // links within are left alone
			}
			info, err = c.Files().Stat(p, true)
		}
		if err != nil {
			return err
		}
		n, err := changedMode(mode, tree.UnixMode(info.Mode()), info.IsDir(), c.Shell.masked(), c.Shell.Busybox)
		if err != nil {
			return err
		}
		return c.setMode(p, n)
	})
}

// quoteModes marks a mode such as -x, which isn't an option.
func quoteModes(args []string) []string {
	out := []string{args[0]}
	for i, a := range args[1:] {
		if len(a) > 1 && a[0] == '-' && strings.Trim(a[1:], "rwxXst") == "" {
			return append(append(out, "=mode="+a), args[i+2:]...)
		}
		out = append(out, a)
	}
	return out
}

func (c *Call) setMode(p string, mode uint32) error {
	if err := c.Files().Touched(p); err != nil {
		return err
	}
	if err := unix.Chmod(c.Files().At(p), mode); err != nil {
		return &fs.PathError{Op: "chmod", Path: p, Err: err}
	}
	return nil
}

// changedMode is a mode after a change such as 755 or u+rw,go-w. A number of up to
// four digits leaves the set-group-ID bit of a directory, as chmod does where it isn't
// that of busybox, which is exact.
func changedMode(change string, old uint32, dir bool, umask uint32, exact bool) (uint32, error) {
	if change != "" && strings.Trim(change, "01234567") == "" {
		n, err := strconv.ParseUint(change, 8, 12)
		if err != nil {
			return 0, refuse("its mode %s isn't followed", change)
		}
		if dir && !exact && len(change) < 5 {
			n |= uint64(old & 0o6000)
		}
		return uint32(n), nil
	}
	for clause := range strings.SplitSeq(change, ",") {
		at := strings.IndexAny(clause, "+-=")
		if at < 0 || strings.Trim(clause[:at], "ugoa") != "" || strings.ContainsAny(clause[at+1:], "+-=ugo") || strings.Trim(clause[at+1:], "rwxXst") != "" {
			return 0, refuse("its mode %s isn't followed", change)
		}
		old = changedClause(clause[:at], clause[at], clause[at+1:], old, dir, umask)
	}
	return old, nil
}

func changedClause(who string, op byte, what string, old uint32, dir bool, umask uint32) uint32 {
	masked := uint32(0)
	if who == "" {
		who, masked = "a", umask
	}
	var bits, area uint32
	for class, shift := range map[string]uint32{"u": 6, "g": 3, "o": 0} {
		if !strings.Contains(who, class) && !strings.Contains(who, "a") {
			continue
		}
		area |= 7 << shift
		for letter, bit := range map[string]uint32{"r": 4, "w": 2, "x": 1} {
			if strings.Contains(what, letter) || letter == "x" && strings.Contains(what, "X") && (dir || old&0o111 != 0) {
				bits |= bit << shift
			}
		}
		if special := map[string]uint32{"u": 0o4000, "g": 0o2000}[class]; strings.Contains(what, "s") {
			bits |= special
		}
	}
	if strings.Contains(what, "t") {
		bits |= 0o1000
	}
	bits &^= masked
	switch op {
	case '+':
		return old | bits
	case '-':
		return old &^ bits
	}
	return old&^area | bits
}
