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

	"github.com/strata-build/strata/internal/distro/unpack"
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
		"/var/lib/apt/extended_states",
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
	old, err := remember(root, append(traces(), policy))
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
	if err := placeStandIns(root); err != nil {
		return err
	}
	start := func(name string, args ...string) *exec.Cmd { return exec.CommandContext(ctx, name, args...) }
	flush(root)
	if err := install(&commands{start: start, root: root, log: opt.Log}); err != nil {
		return err
	}
	if err := settle(root, opt.Base, began); err != nil {
		return err
	}
	return old.restore()
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

// A memory is how files were.
type memory []remembered

type remembered struct {
	path string
	// there says that it was a file; its content and attributes then.
	there bool
	data  []byte
	st    unix.Stat_t
}

// remember reads files. What is no file is left alone, and so is restored as
// nothing.
func remember(root string, paths []string) (memory, error) {
	var m memory
	for _, p := range paths {
		r := remembered{path: filepath.Join(root, p)}
		err := unix.Lstat(r.path, &r.st)
		if err == nil && r.st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if err == nil {
			r.there = true
			r.data, err = os.ReadFile(r.path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			return nil, fmt.Errorf("look at %s: %w", p, err)
		}
		m = append(m, r)
	}
	return m, nil
}

// restore puts the files back as they were.
func (m memory) restore() error {
	for _, r := range m {
		if err := r.restore(); err != nil {
			return fmt.Errorf("put back %s: %w", r.path, err)
		}
	}
	return nil
}

func (r remembered) restore() error {
	if !r.there {
		err := os.Remove(r.path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			return nil
		}
		return err
	}
	var now unix.Stat_t
	if err := unix.Lstat(r.path, &now); err == nil && now.Ino == r.st.Ino && now.Ctim == r.st.Ctim {
		return nil
	}
	if err := errors.Join(os.RemoveAll(r.path), os.WriteFile(r.path, r.data, 0o600)); err != nil {
		return err
	}
	return unpack.SetAttributes(unix.AT_FDCWD, r.path, r.st.Mode&0o7777, int(r.st.Uid), int(r.st.Gid), r.st.Mtim)
}
