// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/buildkit/util/bklog"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// cgroupRoot is where every system mounts its control groups.
const cgroupRoot = "/sys/fs/cgroup"

// cgroupParent is the control group that holds all steps of one engine.
func cgroupParent(root string) string {
	sum := sha256.Sum256([]byte(root))
	return "strata-" + hex.EncodeToString(sum[:4])
}

// prepareCgroups gives the runtime control groups it can write to, since it runs
// nothing without them. What a container manager mounted read-only becomes
// writable, and what isn't mounted is mounted, both in this namespace only. What
// does not succeed is left to the runtime to complain about. It reports whether
// anything had to be done.
func prepareCgroups() (mended bool) {
	mounts, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("cgroup", "cgroup2"))
	if err != nil {
		bklog.L.Warnf("list control groups: %v", err)
		return true
	}
	if len(mounts) == 0 {
		if err := unix.Mount("cgroup2", cgroupRoot, "cgroup2", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			bklog.L.Warnf("mount control groups: %v", err)
		}
		return true
	}
	for _, m := range mounts {
		if !within(m.Mountpoint, cgroupRoot) || unix.Access(m.Mountpoint, unix.W_OK) == nil {
			continue
		}
		mended = true
		flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
		if err := unix.Mount("", m.Mountpoint, "", flags, ""); err != nil {
			bklog.L.Warnf("make %s writable: %v", m.Mountpoint, err)
		}
	}
	return mended
}

// removeCgroups removes the control groups that the engine with a directory made for its
// steps. Only empty groups can be removed, so this can't hit anything that runs. Where a
// configuration names the parent, other programs may have groups there, and all stay.
func removeCgroups(root string) {
	parent := cgroupParent(root)
	found, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", parent)) // version 1, or hybrid
	for _, top := range append(found, filepath.Join(cgroupRoot, parent)) {
		var dirs []string
		_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			_ = unix.Rmdir(dir)
		}
	}
}
