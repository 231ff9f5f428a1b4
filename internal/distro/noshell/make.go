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
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

func mkdir(c *Call) error {
	opt, paths, err := c.Options("p parents=p m: mode=m: v verbose=v Z") // there is no SELinux
	if err != nil {
		return err
	}
	if err := operands(paths, 1); err != nil {
		return err
	}
	for _, p := range paths {
		if err := c.mkdir(c.Path(p), opt.Has("p"), opt.Value("m")); err != nil {
			return err
		}
	}
	return nil
}

// mkdir makes a directory; with parents it may be there.
func (c *Call) mkdir(p string, parents bool, mode string) error {
	info, err := c.Files().Stat(p, true)
	if err == nil && parents && info.IsDir() {
		return nil
	}
	if parents {
		if dir := path.Dir(p); dir != p {
			if err := c.mkdir(dir, true, ""); err != nil {
				return err
			}
		}
	}
	if c.Files().brings(p, c.mode(0o777)) && mode == "" {
		return nil
	}
	if err := c.Files().Touched(p); err != nil {
		return err
	}
	if err := unix.Mkdir(c.Files().At(p), c.mode(0o777)); err != nil {
		return &fs.PathError{Op: "mkdir", Path: p, Err: err}
	}
	if mode == "" {
		return nil
	}
	n, err := changedMode(mode, 0o777, false, c.Shell.masked(), true)
	if err != nil {
		return err
	}
	return c.setMode(p, n)
}

func rmdir(c *Call) error {
	opt, paths, err := c.Options("p parents=p ignore-fail-on-non-empty v verbose=v")
	if err != nil {
		return err
	}
	if err := operands(paths, 1); err != nil {
		return err
	}
	for _, p := range paths {
		for p := c.Path(p); ; p = path.Dir(p) {
			if err := c.Files().Touched(p); err != nil {
				return err
			}
			err := unix.Rmdir(c.Files().At(p))
			if opt.Has("ignore-fail-on-non-empty") && (errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST)) {
				break
			}
			if err != nil {
				return &fs.PathError{Op: "rmdir", Path: p, Err: err}
			}
			if !opt.Has("p") || path.Dir(p) == "/" {
				break
			}
		}
	}
	return nil
}

func rm(c *Call) error {
	opt, paths, err := c.Options("f force=f r R=r recursive=r v verbose=v d dir=d")
	if err != nil {
		return err
	}
	if err := operands(paths, 1); err != nil && !opt.Has("f") {
		return err
	}
	for _, name := range paths {
		p := c.Path(name)
		info, err := c.Files().Stat(p, false)
		if err == nil && strings.HasSuffix(name, "/") && !info.IsDir() {
			return refuse("it removes a file, or what is behind a link, as a directory")
		}
		if opt.Has("f") && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR)) {
			continue
		}
		if err != nil {
			return err
		}
		if info.IsDir() && !opt.Has("r", "d") {
			return &fs.PathError{Op: "remove", Path: p, Err: unix.EISDIR}
		}
		if path.Clean(p) == "/" {
			return refuse("it removes everything")
		}
		if err := c.Files().Touched(p); err != nil {
			return err
		}
		remove := os.Remove
		if opt.Has("r") {
			remove = os.RemoveAll
		}
		if err := remove(c.Files().At(p)); err != nil {
			return c.Files().named(err, p)
		}
	}
	return nil
}

// touch makes files that aren't there, and gives files the time of another one: that of a
// build means nothing.
func touch(c *Call) error {
	opt, paths, err := c.Options("c no-create=c h no-dereference=h r: reference=r:")
	if err != nil {
		return err
	}
	if err := operands(paths, 1); err != nil {
		return err
	}
	for _, p := range paths {
		p = c.Path(p)
		if _, err := c.Files().Stat(p, !opt.Has("h")); err != nil {
			if opt.Has("c", "h") {
				continue
			}
			if err := c.Files().Write(p, nil, fs.FileMode(c.mode(0o666))); err != nil {
				return err
			}
		}
		if opt.Has("r") {
			if err := c.copyTime(c.Path(opt.Value("r")), p, opt.Has("h")); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyTime gives a file, or a link, the time of another file.
func (c *Call) copyTime(from, to string, link bool) error {
	var st unix.Stat_t
	if err := unix.Stat(c.Files().At(from), &st); err != nil {
		return &fs.PathError{Op: "stat", Path: from, Err: err}
	}
	if err := c.Files().Touched(to); err != nil {
		return err
	}
	flags := 0
	if link {
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, c.Files().At(to), []unix.Timespec{st.Mtim, st.Mtim}, flags)
}

func ln(c *Call) error {
	opt, rest, err := c.Options("s symbolic=s f force=f n no-dereference=n T no-target-directory=T v verbose=v r relative=r t:")
	if err != nil {
		return err
	}
	if err := operands(rest, 1); err != nil {
		return err
	}
	if len(rest) != 2 || opt.Has("t") || opt.Has("r") && !opt.Has("s") {
		return refuse("it isn't followed")
	}
	to := c.Path(rest[1])
	if !opt.Has("T") {
		if to, err = c.destination(rest[0], rest[1], opt.Has("n")); err != nil {
			return err
		}
	}
	if opt.Has("r") {
		if rest[0], err = c.relative(rest[0], path.Dir(to)); err != nil {
			return err
		}
	}
	if err := c.Files().Touched(to); err != nil {
		return err
	}
	if opt.Has("f") {
		if info, err := c.Files().Stat(to, false); err == nil && info.IsDir() {
			return fmt.Errorf("%s: cannot overwrite directory", to)
		}
		if err := os.Remove(c.Files().At(to)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c.Files().named(err, to)
		}
	}
	at := c.Files().At(to)
	if opt.Has("s") {
		err = unix.Symlinkat(rest[0], unix.AT_FDCWD, at)
	} else {
		if _, err := c.Files().Stat(c.Path(rest[0]), false); err != nil {
			return err
		}
		err = unix.Link(c.Files().At(c.Path(rest[0])), at)
	}
	if err != nil {
		return &fs.PathError{Op: "link", Path: to, Err: err}
	}
	return nil
}

// relative is a path as seen from a directory, both without links; they need not be there.
func (c *Call) relative(p, dir string) (string, error) {
	missing := Options{"m": {""}}
	dir, err := c.resolve(dir, missing)
	if err != nil {
		return "", err
	}
	if p, err = c.resolve(c.Path(p), missing); err != nil {
		return "", err
	}
	return filepath.Rel(dir, p)
}

// destination is where a file goes: into a directory, or to a name of its own.
func (c *Call) destination(from, to string, never bool) (string, error) {
	to = c.Path(to)
	info, err := c.Files().Stat(to, true)
	if err != nil || !info.IsDir() {
		return to, nil //nolint:nilerr // it isn't there yet
	}
	if link, err := c.Files().Stat(to, false); never && err == nil && !link.IsDir() {
		return to, nil
	}
	return path.Join(to, path.Base(from)), nil
}

func mktemp(c *Call) error {
	opt, rest, err := c.Options("d directory=d t p: tmpdir=p: q quiet=q")
	if err != nil {
		return err
	}
	template := "tmp.XXXXXXXXXX"
	if len(rest) > 0 {
		template = rest[0]
	}
	stem := strings.TrimRight(template, "X")
	if len(rest) > 1 || len(template)-len(stem) < 3 {
		return refuse("its name isn't followed")
	}
	if len(rest) == 0 || opt.Has("t", "p") {
		dir := opt.Value("p")
		if dir == "" {
			dir = "/tmp"
		}
		if err := c.mkdir(dir, true, "1777"); err != nil {
			return err
		}
		stem = path.Join(dir, stem)
	}
	stem = c.Path(stem)
	// The name need not be one that can't be known before: no one else is here.
	for n := range 1000 {
		p := fmt.Sprintf("%s%0*d", stem, len(template)-len(strings.TrimRight(template, "X")), n)
		if _, err := c.Files().Stat(p, false); err == nil {
			continue
		}
		if opt.Has("d") {
			err = c.mkdir(p, false, "700")
		} else {
			err = c.Files().Write(p, nil, 0o600)
		}
		if err != nil {
			return err
		}
		return c.Print(p + "\n")
	}
	return refuse("it makes too many files")
}

func umask(c *Call) error {
	if len(c.Args) == 1 {
		return c.Print(fmt.Sprintf("%04o\n", c.Shell.masked()))
	}
	var n uint32
	if _, err := fmt.Sscanf(c.Args[1], "%o", &n); err != nil || len(c.Args) > 2 || n > 0o777 || strings.Trim(c.Args[1], "01234567") != "" {
		return refuse("its mask isn't followed")
	}
	c.Shell.umask, c.Shell.mask = n, true
	return nil
}
