// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestOwnDisk shows that temporary files are on a disk that nothing else sees, whose
// file has no name, so that a test that is killed leaves nothing.
func TestOwnDisk(t *testing.T) {
	at := os.TempDir()
	for _, dir := range []string{Dir(t), t.TempDir()} {
		if !strings.HasPrefix(dir, at+"/") {
			t.Errorf("%s is not below %s", dir, at)
		}
	}
	if kind := Output(t, "findmnt", "--noheadings", "--output", "FSTYPE", "--mountpoint", at); kind != "ext4\n" {
		t.Errorf("%s is on %q", at, kind)
	}
	if _, err := os.Stat(at + ".disk"); !os.IsNotExist(err) {
		t.Errorf("the disk's file has a name: %v", err)
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", os.Getppid()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), at) || !strings.Contains(string(mounts), " /proc ") {
		t.Errorf("others see the mount:\n%s", mounts)
	}
}
