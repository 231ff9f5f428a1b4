// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/util/bklog"
	"golang.org/x/sys/unix"
)

const (
	// bootName is the file that says which boot of the machine wrote to a state
	// directory without waiting for the disk.
	bootName = "boot"

	// bootID is where the kernel names the boot that this is.
	bootID = "/proc/sys/kernel/random/boot_id"
)

// trustMemory prepares a state directory for databases that do not wait for the disk
// at every change: a build makes thousands of changes, and waiting for the disk is
// most of what they cost. What a killed engine wrote is in the kernel's memory and
// safe; only a machine that goes down takes it along. So while an engine runs, a
// file says in which boot it does. A later engine that finds another boot there
// knows that the machine went down in between, and starts with an empty cache.
//
// It returns false when the kernel doesn't say which boot this is: then the
// databases have to wait.
func trustMemory(root string) (bool, error) {
	id, err := os.ReadFile(bootID)
	if err != nil {
		bklog.L.Warnf("every change of the cache waits for the disk: %v", err)
		return false, nil
	}
	boot := strings.TrimSpace(string(id))
	file := filepath.Join(root, bootName)
	before, err := readOwn(root, bootName)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return false, fmt.Errorf("read which boot wrote the cache: %w", err)
	case string(before) != boot:
		bklog.L.Warnf("the machine went down while an engine ran: the cache in %s may be damaged and is dropped", root)
		if err := dropState(root); err != nil {
			return false, fmt.Errorf("drop the cache that may be damaged: %w", err)
		}
	}
	return true, writeDurably(file, boot)
}

// flush waits until everything in a state directory is on the disk, and says so.
func flush(root string) error {
	dir, err := os.Open(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil // no one will read it
	}
	if err != nil {
		return fmt.Errorf("write the cache to the disk: %w", err)
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("write the cache to the disk: %w", err)
	}
	if err := os.Remove(filepath.Join(root, bootName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("note that the cache is on the disk: %w", err)
	}
	return nil
}

// dropState removes what an engine keeps: the databases and the workers' directories.
func dropState(root string) error {
	for _, pattern := range []string{"runc-*", "*.db", "*.db.*"} {
		found, err := matching(root, pattern)
		if err != nil {
			return err
		}
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeDurably writes a file that is on the disk before anything that follows.
func writeDurably(path, text string) error {
	f, err := openOwn(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
