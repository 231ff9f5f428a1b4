// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCacheAfterAnEngine builds, ends the engine in some way, and builds again.
func TestCacheAfterAnEngine(t *testing.T) {
	tests := []struct {
		name string
		// end is what happens to the first engine and its directory.
		end    func(t *testing.T, o Options, pid int)
		cached bool
	}{
		{"it leaves", func(t *testing.T, o Options, _ int) {
			if err := Stop(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(o.Root, bootName)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an engine that left did not say that its cache is on the disk: %v", err)
			}
		}, true},
		{"it is killed", func(t *testing.T, _ Options, pid int) { kill(t, pid) }, true},
		{"the machine goes down", func(t *testing.T, o Options, pid int) {
			kill(t, pid)
			if err := os.WriteFile(filepath.Join(o.Root, bootName), []byte("another boot"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"the machine goes down and leaves rubbish", func(t *testing.T, o Options, pid int) {
			kill(t, pid)
			for file, text := range map[string]string{
				bootName: "another boot", "cache.db": "rubbish", "runc-overlayfs/containerdmeta.db": "rubbish", "runc-native/metadata_v2.db": "rubbish",
			} {
				path := filepath.Join(o.Root, file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, dir := options(t), mustRootfs(t)
			first := mustConnect(t, o)
			if _, err := solve(t.Context(), first, step("echo built >/built"), dir, ""); err != nil {
				t.Fatal(err)
			}
			pid := enginePID(t, o.Root)
			first.Close()
			test.end(t, o, pid)
			eventually(t, "the engine is gone", func() bool { return gone(pid) })
			cached, err := solve(t.Context(), mustConnect(t, o), step("echo built >/built"), dir, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := cached["/bin/sh -c echo built >/built"]; got != test.cached {
				t.Errorf("the step was cached: %v, want %v", got, test.cached)
			}
		})
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
