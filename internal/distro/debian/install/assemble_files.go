// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/unpack"
)

// output writes what a command prints to a file.
func (a *assembler) output(args []string) error { return a.print(args, os.O_TRUNC) }

// addOutput adds it at the file's end.
func (a *assembler) addOutput(args []string) error { return a.print(args, os.O_APPEND) }

func (a *assembler) print(args []string, how int) error {
	if err := absolute(args[0]); err != nil {
		return err
	}
	f, err := os.OpenFile(a.root.At(args[0]), os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(args[1])
	return errors.Join(err, f.Close())
}

func (a *assembler) mkdir(args []string) error {
	mode := os.FileMode(0)
	if len(args) > 2 && args[0] == "-m" {
		n, err := strconv.ParseUint(args[1], 8, 12)
		if err != nil {
			return err
		}
		mode, args = os.FileMode(n), args[2:]
	}
	flags, paths, err := operands(args, "pv")
	if err != nil {
		return err
	}
	if err := absolute(paths...); err != nil {
		return err
	}
	for _, p := range paths {
		if strings.Contains(flags, "p") {
			err = os.MkdirAll(a.root.At(p), 0o755)
		} else {
			err = os.Mkdir(a.root.At(p), 0o755)
		}
		if err == nil && mode != 0 {
			err = unix.Chmod(a.root.At(p), uint32(mode))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) chmod(args []string) error {
	if len(args) < 2 {
		return errUnknownCall
	}
	mode, err := strconv.ParseUint(args[0], 8, 12)
	if err != nil {
		return fmt.Errorf("its mode %s isn't a number", args[0])
	}
	if err := absolute(args[1:]...); err != nil {
		return err
	}
	for _, p := range args[1:] {
		if err := unix.Chmod(a.root.At(p), uint32(mode)); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) chown(args []string) error {
	_, rest, err := operands(args, "h")
	if err != nil || len(rest) < 2 {
		return errors.Join(errUnknownCall, err)
	}
	user, group, _ := strings.Cut(rest[0], ":")
	uid, err := a.id("/etc/passwd", user)
	if err != nil {
		return err
	}
	gid, err := a.id("/etc/group", group)
	if err != nil {
		return err
	}
	if err := absolute(rest[1:]...); err != nil {
		return err
	}
	for _, p := range rest[1:] {
		var st unix.Stat_t
		if err := errors.Join(unix.Stat(a.root.At(p), &st), unix.Lchown(a.root.At(p), uid, gid), unix.Chmod(a.root.At(p), st.Mode&0o7777)); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) chgrp(args []string) error {
	if len(args) < 2 {
		return errUnknownCall
	}
	return a.chown(append([]string{":" + args[0]}, args[1:]...))
}

// id is the number of a name, or -1, which changes nothing, for none.
func (a *assembler) id(file, name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	number := name
	if _, err := strconv.Atoi(name); err != nil {
		if number, err = a.root.Number(file, name); err != nil || number == "" {
			return 0, fmt.Errorf("%s isn't in %s", name, file)
		}
	}
	id, err := strconv.Atoi(number)
	if err == nil && !unpack.IsOwner(id) {
		err = fmt.Errorf("%s can't be an owner", number)
	}
	return id, err
}

func (a *assembler) ln(args []string) error {
	flags, rest, err := operands(args, "sfnT")
	if err != nil || len(rest) != 2 || !strings.Contains(flags, "s") {
		return errors.Join(errUnknownCall, err)
	}
	if err := absolute(rest[1]); err != nil {
		return err
	}
	to := a.root.At(rest[1])
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		if link, err := os.Lstat(to); err == nil && link.IsDir() || !strings.ContainsAny(flags, "nT") {
			to = filepath.Join(to, path.Base(rest[0]))
		}
	}
	if strings.Contains(flags, "f") {
		if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Symlink(rest[0], to)
}

func (a *assembler) cp(args []string) error {
	flags, rest, err := operands(args, "pfa")
	if err != nil || len(rest) != 2 {
		return errors.Join(errUnknownCall, err)
	}
	if err := absolute(rest...); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(a.root.At(rest[0]), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errors.Join(fmt.Errorf("%s isn't a file", rest[0]), err)
	}
	data, err := os.ReadFile(a.root.At(rest[0]))
	if err != nil {
		return err
	}
	if info, err := os.Stat(a.root.At(rest[1])); err == nil && info.IsDir() {
		rest[1] = path.Join(rest[1], path.Base(rest[0]))
	}
	if err := os.WriteFile(a.root.At(rest[1]), data, os.FileMode(st.Mode&0o777)); err != nil || !strings.ContainsAny(flags, "pa") {
		return err
	}
	return unpack.SetAttributes(unix.AT_FDCWD, a.root.At(rest[1]), st.Mode&0o7777, int(st.Uid), int(st.Gid), st.Mtim)
}

func (a *assembler) rm(args []string) error {
	flags, paths, err := operands(args, "frR")
	if err != nil {
		return err
	}
	if err := absolute(paths...); err != nil {
		return err
	}
	for _, p := range paths {
		if st, err := os.Lstat(a.root.At(p)); err == nil && st.IsDir() && !strings.ContainsAny(flags, "rR") {
			return fmt.Errorf("remove %s: %w", p, unix.EISDIR)
		}
		err := os.Remove(a.root.At(p))
		if strings.Contains(flags, "f") && (errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR)) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) rmdir(args []string) error {
	_, paths, err := operands(args, "")
	if err != nil {
		return err
	}
	for _, p := range paths {
		if err := errors.Join(absolute(p), unix.Rmdir(a.root.At(p))); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) touch(args []string) error {
	_, paths, err := operands(args, "")
	if err != nil {
		return err
	}
	for _, p := range paths {
		f, err := os.OpenFile(a.root.At(p), os.O_CREATE|os.O_WRONLY, 0o644)
		if err := errors.Join(absolute(p), err); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
