// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamage reads errors of BuildKit 0.33 as damaged directories gave them, and
// others that are like them.
func TestDamage(t *testing.T) {
	o := Options{Root: "/state"}
	for text, want := range map[string]bool{
		"start the engine: open the content database: invalid database":                                                                                                               true,
		"failed to solve: failed to prepare  as yl15kbd1oc8hbw31n4ak0behz: failed to open database file: invalid database":                                                            true,
		"failed to solve: failed to get reader: blob sha256:9d3b97700ed6 expected at /state/runc-overlayfs/content/blobs/sha256/9d3b97700ed6: blob not found: not found":              true,
		"failed to solve: failed to walk: resolve : lstat /state/runc-overlayfs/snapshots/snapshots/1: no such file or directory":                                                     true,
		"failed to solve: content digest sha256:9d3b97700ed68d7086895b90d33ae2b9: not found":                                                                                          true,
		"failed to solve: failed to prepare  as x: failed to rename: rename /state/runc-overlayfs/snapshots/snapshots/new-1 /state/runc-overlayfs/snapshots/snapshots/1: file exists": true,
		"start the engine: read which boot wrote the cache: /state/boot is a directory, not a plain file":                                                                             true,
		"start the engine: write the engine's fingerprint: open /state/engine.fingerprint: is a directory":                                                                            true,
		"start the engine: it died without a word; the end of /state/engine.log is:\npanic: assertion failed: Page expected to be: 16, but self identifies as 0":                      true,
		"start the engine: it died without a word; the end of /state/engine.log is:\nunexpected fault address 0x7f0000000000\nfatal error: fault":                                     true,
		"start the engine: it died without a word":               false,
		"failed to solve: mkdir /elsewhere/state/x: file exists": false,
		"failed to solve: docker.io/library/none:1: not found":   false,
		"failed to solve: httpReadSeeker: failed open: content at https://example.org/v2/x/blobs/sha256:9d3b97700ed68d7086895b90d33ae2b9 not found: not found": false,
		"failed to solve: write /state/runc-overlayfs/snapshots/snapshots/3/fs/big: no space left on device":                                                   false,
		"open /elsewhere/x: no such file or directory": false,
	} {
		if got := Damage(o, errors.New(text)); (got != "") != want || want && !strings.Contains(got, "remove /state;") {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestDamagedDatabases starts on directories in which a database is not one.
func TestDamagedDatabases(t *testing.T) {
	for _, name := range []string{"metadata_v2.db", "containerdmeta.db"} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			for _, worker := range []string{"runc-overlayfs", "runc-native"} {
				dir := filepath.Join(o.Root, worker)
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("garbage ", 4096)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Connect(t.Context(), o)
			if err == nil || !strings.Contains(Damage(o, err), "remove "+o.Root) {
				t.Errorf("%v: %q", err, Damage(o, err))
			}
		})
	}
}

// TestCrashIsTold shows how a crash begins, and not the end of its stack.
func TestCrashIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "engine.log")
	log := "level=info msg=hello\npanic: assertion failed: Page expected to be: 16\n\ngoroutine 70 [running]:\n" + strings.Repeat("main.main()\n", 40)
	if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	got := tail(file)
	if !strings.Contains(got, "panic: assertion failed") || strings.Contains(got, "main.main") || strings.Contains(got, "hello") {
		t.Errorf("got %s", got)
	}
}

// TestWorkerNameThatIsNone starts with another name than what can't be one.
func TestWorkerNameThatIsNone(t *testing.T) {
	dir := t.TempDir()
	for _, was := range []string{strings.Repeat("\xff\x00", 40000), "has blanks in it", ""} {
		if err := os.WriteFile(filepath.Join(dir, "workerid"), []byte(was), 0o600); err != nil {
			t.Fatal(err)
		}
		id, err := workerID(dir)
		again, _ := workerID(dir)
		if err != nil || !isWorkerID.MatchString(id) || again != id {
			t.Errorf("%.20q: %q, then %q, %v", was, id, again, err)
		}
	}
}
