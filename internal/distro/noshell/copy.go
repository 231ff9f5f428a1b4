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

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/tree"
)

func cp(c *Call) error {
	opt, rest, err := c.Options("p f force=f a archive=a r R=r recursive=r d P=d v verbose=v n no-clobber=n T no-target-directory=T L u Z")
	if err != nil {
		return err
	}
	// -Z is the file's type for SELinux, which a build doesn't have.
	if err := operands(rest, 2); err != nil {
		return err
	}
	if len(rest) != 2 || opt.Has("u", "L") {
		return refuse("it isn't followed")
	}
	from := c.Path(rest[0])
	to := c.Path(rest[1])
	if !opt.Has("T") {
		if to, err = c.destination(from, to, false); err != nil {
			return err
		}
	}
	if _, err := c.Files().Stat(to, false); err == nil && opt.Has("n") {
		return nil
	}
	return c.copy(from, to, copying{keep: opt.Has("p", "a"), recursive: opt.Has("r", "a"), links: opt.Has("d", "a", "r")})
}

// copying is how files are copied.
type copying struct{ keep, recursive, links bool }

func (c *Call) copy(from, to string, how copying) error {
	if path.Clean(from) == os.DevNull {
		return c.Files().Write(to, nil, fs.FileMode(c.mode(0o666)))
	}
	info, err := c.Files().Stat(from, !how.links)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		return c.copyDir(from, to, info, how)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := c.Files().Readlink(from)
		if err != nil {
			return err
		}
		if err := c.Files().Touched(to); err != nil {
			return err
		}
		return os.Symlink(target, c.Files().At(to))
	case !info.Mode().IsRegular():
		return refuse("%s isn't a file", from)
	}
	data, err := c.Files().Read(from)
	if err != nil {
		return err
	}
	if err := c.Files().Write(to, data, fs.FileMode(c.mode(uint32(info.Mode().Perm())))); err != nil || !how.keep {
		return err
	}
	return c.keepAttributes(from, to)
}

func (c *Call) copyDir(from, to string, info fs.FileInfo, how copying) error {
	if !how.recursive {
		return fmt.Errorf("-r not specified; omitting directory %q", from)
	}
	if err := c.mkdir(to, true, ""); err != nil {
		return err
	}
	entries, err := c.Files().ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := c.copy(path.Join(from, e.Name()), path.Join(to, e.Name()), how); err != nil {
			return err
		}
	}
	if how.keep {
		return c.keepAttributes(from, to)
	}
	return c.setMode(to, c.mode(tree.UnixMode(info.Mode())))
}

// keepAttributes gives a copy the owner, the mode and the time of its original.
func (c *Call) keepAttributes(from, to string) error {
	var st unix.Stat_t
	at := c.Files().At(to)
	if err := unix.Stat(c.Files().At(from), &st); err != nil {
		return &fs.PathError{Op: "stat", Path: from, Err: err}
	}
	return errors.Join(os.Chown(at, int(st.Uid), int(st.Gid)), unix.Chmod(at, st.Mode&0o7777),
		unix.UtimesNanoAt(unix.AT_FDCWD, at, []unix.Timespec{st.Mtim, st.Mtim}, 0))
}

func mv(c *Call) error {
	opt, rest, err := c.Options("f force=f T no-target-directory=T v verbose=v n no-clobber=n Z")
	if err != nil {
		return err
	}
	if err := operands(rest, 2); err != nil {
		return err
	}
	if len(rest) != 2 {
		return refuse("it isn't followed")
	}
	from, to := c.Path(rest[0]), c.Path(rest[1])
	if !opt.Has("T") {
		if to, err = c.destination(from, to, false); err != nil {
			return err
		}
	}
	if _, err := c.Files().Stat(from, false); err != nil {
		return err
	}
	if _, err := c.Files().Stat(to, false); err == nil && opt.Has("n") {
		return nil
	}
	if err := errors.Join(c.Files().Touched(from), c.Files().Touched(to)); err != nil {
		return err
	}
	if err := unix.Rename(c.Files().At(from), c.Files().At(to)); err != nil {
		return &fs.PathError{Op: "rename", Path: to, Err: err}
	}
	return nil
}

// install copies a file with an owner and a mode, or makes directories.
func install(c *Call) error {
	opt, rest, err := c.Options("d directory=d m: mode=m: o: owner=o: g: group=g: D p preserve-timestamps=p c T no-target-directory=T v verbose=v")
	if err != nil {
		return err
	}
	uid, err := c.id("/etc/passwd", opt.Value("o"))
	if err != nil {
		return err
	}
	gid, err := c.id("/etc/group", opt.Value("g"))
	if err != nil {
		return err
	}
	mode := opt.Value("m")
	if mode == "" {
		mode = "755"
	}
	n, err := changedMode(mode, 0, false, 0, true)
	if err != nil {
		return err
	}
	finish := func(p string) error {
		if err := c.setOwner(p, uid, gid, false); err != nil {
			return err
		}
		return c.setMode(p, n)
	}
	if opt.Has("d") {
		for _, p := range rest {
			// A directory that is there keeps its mode only in a shell's mkdir.
			if err := c.installDir(c.Path(p)); err != nil {
				return err
			}
			if err := finish(c.Path(p)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(rest) != 2 {
		return refuse("it isn't followed")
	}
	if opt.Has("D") {
		if err := c.installDir(path.Dir(c.Path(rest[1]))); err != nil {
			return err
		}
	}
	to := c.Path(rest[1])
	if !opt.Has("T") {
		if to, err = c.destination(rest[0], rest[1], false); err != nil {
			return err
		}
	}
	if err := os.Remove(c.Files().At(to)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c.Files().named(err, to)
	}
	if err := c.copy(c.Path(rest[0]), to, copying{keep: opt.Has("p")}); err != nil {
		return err
	}
	return finish(to)
}

// installDir makes a directory and those above it as install does: with the mode 0755,
// whatever the mask is.
func (c *Call) installDir(p string) error {
	info, err := c.Files().Stat(p, true)
	if err == nil && info.IsDir() || c.mode(0o777) == 0o755 {
		return c.mkdir(p, true, "")
	}
	if dir := path.Dir(p); dir != p {
		if err := c.installDir(dir); err != nil {
			return err
		}
	}
	return c.mkdir(p, false, "755")
}
