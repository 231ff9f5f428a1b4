// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

const (
	// tempName is the directory for temporary files in the state directory.
	tempName = "tmp"

	// tempMount is where the engine sees it: a short path, because sockets of
	// forwarded SSH agents are made there.
	tempMount = "/run/strata"
)

// runtimeDirs are where OCI runtimes keep the state of running containers.
func runtimeDirs() []string { return []string{"/run/runc", "/run/crun"} }

// enterNamespaces makes the new namespaces the engine's own: nothing it mounts
// is seen outside, and what belongs to running steps vanishes with it.
func enterNamespaces(root string) error {
	if os.Getpid() != 1 {
		return errors.New("the engine must be the first process of a PID namespace; it is started by the commands that need it")
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the engine's mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount the engine's /proc: %w", err)
	}
	for _, dir := range runtimeDirs() {
		if err := mountFresh("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700"); err != nil {
			return err
		}
	}
	return mountTemp(root)
}

// mountTemp makes a directory below root the place for temporary files.
func mountTemp(root string) error {
	temp := filepath.Join(root, tempName)
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return fmt.Errorf("make the engine's temporary directory: %w", err)
	}
	if !within(temp, tempMount) { // it would hide the state directory
		if err := mountFresh(temp, tempMount, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		temp = tempMount
	}
	return os.Setenv("TMPDIR", temp)
}

// mountFresh mounts on a directory that it makes when missing.
func mountFresh(source, dir, kind string, flags uintptr, data string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a mount point for the engine: %w", err)
	}
	if err := unix.Mount(source, dir, kind, flags, data); err != nil {
		return fmt.Errorf("mount the engine's %s: %w", dir, err)
	}
	return nil
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// unmountBelow detaches whatever is mounted below dir in this namespace.
func unmountBelow(dir string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("list mounts: %w", err)
	}
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		return fmt.Errorf("list mounts: %w", err)
	}
	for i := len(mounts) - 1; i >= 0; i-- {
		at := mounts[i].Mountpoint
		if at == dir || !within(at, dir) {
			continue
		}
		if err := unix.Unmount(at, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", at, err)
		}
	}
	return nil
}
