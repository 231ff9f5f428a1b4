// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"testing"

	"github.com/strata-build/strata/internal/inroot"
)

// TestLook wants a tree in memory to answer as the one on disk, from which it was
// read; what inroot makes of the answers is its own tests' matter.
func TestLook(t *testing.T) {
	disk, err := openRoot(build(t, "d 0755 0:0 /usr/bin", "l 0:0 /bin usr/bin", "l 0:0 /up ../../../usr", "f 0644 0:0 /file", "l 0:0 /lf file", "l 0:0 /gone nowhere"))
	must(t, err)
	defer disk.close()
	top, err := disk.again()
	must(t, err)
	defer top.close()
	memory, _, err := loadDirectory(top, make([]byte, 1<<12))
	must(t, err)
	for p, want := range map[string]struct {
		kind   inroot.Kind
		target string
	}{
		"/usr/bin": {inroot.Directory, ""}, "/bin": {inroot.Link, "usr/bin"}, "/file": {inroot.Other, ""}, "/gone": {inroot.Link, "nowhere"},
	} {
		onDisk, diskTarget, err := scanner{root: disk}.look(p, "")
		inMemory, target, softErr := memory.look(p, "")
		if onDisk != want.kind || inMemory != want.kind || diskTarget != want.target || target != want.target || err != nil || softErr != nil {
			t.Errorf("look at %s: %d and %d, %q and %q, %v, %v, want %+v", p, onDisk, inMemory, diskTarget, target, err, softErr, want)
		}
	}
	if found, _, err := (scanner{root: disk}).look("/nowhere", ""); found != inroot.Absent || err == nil {
		t.Errorf("look at what is missing on disk: %d, %v", found, err)
	}
	if found, _, err := memory.look("/nowhere", ""); found != inroot.Absent || err != nil {
		t.Errorf("look at what is missing in memory: %d, %v", found, err)
	}
	for p, want := range map[string]string{"/bin/..": "/usr", "up/bin": "/usr/bin", "/lf": "/file", "/": "/"} {
		onDisk, _, err := inroot.Follow(scanner{root: disk}.look, p)
		inMemory, _, softErr := inroot.Follow(memory.look, p)
		if onDisk != want || inMemory != want || err != nil || softErr != nil {
			t.Errorf("follow %s: %q and %q, %v, %v, want %q", p, onDisk, inMemory, err, softErr, want)
		}
	}
}
