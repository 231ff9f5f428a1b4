// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inOwnMounts marks a process that has mounts of its own.
const inOwnMounts = "STRATA_TEST_MOUNTS"

// diskSize is how many bytes the files of a package's tests may take; the file
// that holds them has holes.
const diskSize = 24 << 30

// ownDisk puts temporary files on a file system that begins empty, has a journal
// and needs not survive: ext4 without a journal, which virtual machines are fond
// of, looks at every inode that was freed within seconds before it gives one to a
// new file, and these tests make and remove Debians. It doesn't wait for the disk.
func ownDisk() (remove func() error, err error) {
	if os.Geteuid() != 0 || measures() {
		return func() error { return nil }, nil
	}
	if os.Getenv(inOwnMounts) == "" {
		return nil, startInOwnMounts()
	}
	if err := os.Unsetenv(inOwnMounts); err != nil {
		return nil, err
	}
	at, err := os.MkdirTemp("", "s")
	if err != nil {
		return nil, err
	}
	file := at + ".disk"
	defer func() { _ = os.Remove(file) }() // once it's mounted, it needs no name
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, diskSize)); err != nil {
		return nil, err
	}
	for _, command := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=64", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", file},
		{"mount", "-o", "loop,noatime,noinit_itable,barrier=0,commit=60", file, at},
	} {
		path, err := findProgram(command[0])
		if err != nil {
			return nil, err
		}
		if out, err := exec.Command(path, command[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("make a disk for tests: %w: %q: %s", err, command, out)
		}
	}
	if err := errors.Join(os.Chmod(at, 0o777|os.ModeSticky), os.RemoveAll(filepath.Join(at, "lost+found")), os.Setenv("TMPDIR", at)); err != nil {
		return nil, err
	}
	return func() error { return errors.Join(unmountBelow(at), os.Remove(at)) }, nil
}

// measures reports whether this process runs benchmarks, which measure the machine
// as it is.
func measures() bool {
	return slices.ContainsFunc(os.Args[1:], func(arg string) bool {
		return strings.HasPrefix(arg, "-test.bench=") && arg != "-test.bench="
	})
}

// startInOwnMounts makes this process begin again in a mount namespace, as the same
// process. It returns only if that fails.
func startInOwnMounts() error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace for tests: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make a mount namespace for tests: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return fmt.Errorf("start tests again: %w", syscall.Exec(self, os.Args, append(os.Environ(), inOwnMounts+"=1")))
}
