// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/debian/quirks"
	"github.com/strata-build/strata/internal/distro/rootdir"
	"golang.org/x/sys/unix"
)

// traces are files that installing leaves behind although they are no part of
// what is installed: logs, locks, caches and copies of what was there before.
// The image keeps them as its base has them, or hasn't.
func traces() []string {
	return []string{
		"/etc/.pwd.lock",
		"/var/cache/apt/archives/lock",
		"/var/cache/apt/pkgcache.bin",
		"/var/cache/apt/srcpkgcache.bin",
		"/var/cache/debconf/config.dat-old",
		"/var/cache/debconf/passwords.dat-old",
		"/var/cache/debconf/templates.dat-old",
		"/var/cache/ldconfig/aux-cache",
		"/var/lib/apt/lists/lock",
		"/var/lib/dpkg/diversions-old",
		"/var/lib/dpkg/lock",
		"/var/lib/dpkg/lock-frontend",
		"/var/lib/dpkg/statoverride-old",
		"/var/lib/dpkg/status-old",
		"/var/lib/dpkg/triggers/Lock",
		"/var/log/alternatives.log",
		"/var/log/apt/eipp.log.xz",
		"/var/log/apt/history.log",
		"/var/log/apt/term.log",
		"/var/log/dpkg.log",
	}
}

// policy is asked whether a maintainer script may start a service: 101 is no.
const policy, policyText = "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"

// inImage prepares the image at root, lets install work on it, and takes away
// what must not stay.
func inImage(ctx context.Context, root string, opt Options, install func(*commands) error) error {
	old, err := rootdir.Root(root).Remember(append(traces(), policy))
	if err != nil {
		return err
	}
	if err := checkUpdates(opt.Base); err != nil {
		return err
	}
	unix.Umask(0o022)
	began := time.Now()
	at := filepath.Join(root, policy)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.RemoveAll(at), os.WriteFile(at, []byte(policyText), 0o755)); err != nil {
		return fmt.Errorf("keep services from being started: %w", err)
	}
	if root == "/" { // else its scripts don't run in there
		if err := quirks.PlaceShims(); err != nil {
			return err
		}
	}
	command := func(name string, args ...string) *exec.Cmd { return exec.CommandContext(ctx, name, args...) }
	flush(root)
	if err := install(&commands{command: command, root: root, log: opt.Log, keep: opt.KeepConffiles}); err != nil {
		return err
	}
	if err := Mark(root, opt); err != nil {
		return err
	}
	if err := quirks.Settle(rootdir.Root(root), rootdir.Root(opt.Base), began); err != nil {
		return err
	}
	return rootdir.Root(root).Restore(old)
}

// checkUpdates refuses a base in which dpkg was interrupted: its notes are covered
// while packages are installed, and the next dpkg would take them for newer ones.
func checkUpdates(base string) error {
	entries, err := os.ReadDir(filepath.Join(base, "/var/lib/dpkg/updates"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at dpkg's database: %w", err)
	}
	for _, e := range entries {
		if strings.Trim(e.Name(), "0123456789") == "" {
			return errors.New("install packages: dpkg was interrupted in the base; run \"dpkg --configure -a\" where that is made")
		}
	}
	return nil
}

// flush begins to write to the disk what isn't there yet. When the step has ended,
// its root is unmounted, and that waits for the whole disk, while nothing else can
// go on; now there are scripts to run meanwhile.
func flush(root string) {
	dir, err := os.Open(root)
	if err != nil {
		return
	}
	go func() {
		defer dir.Close()
		_ = unix.Syncfs(int(dir.Fd()))
	}()
}
