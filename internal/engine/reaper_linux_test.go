// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// The test process adopts an orphan like the engine does, while it also has a
// child of its own whose exit status it has not asked for yet.
func TestReaperTakesOrphansOnly(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
	if err := exec.Command("/bin/busybox", "sh", "-c", "/bin/busybox true & exit 0").Run(); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("/bin/busybox", "sh", "-c", "exit 7")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	orphans := func() []int {
		return slices.DeleteFunc(deadChildren(), func(pid int) bool { return pid == child.Process.Pid })
	}
	eventually(t, "an orphan is adopted", func() bool { return len(orphans()) > 0 })
	eventually(t, "the child ends", func() bool { return slices.Contains(deadChildren(), child.Process.Pid) })
	reapOrphans()
	if left := orphans(); len(left) > 0 {
		t.Errorf("orphans %v are still there", left)
	}
	if err := child.Wait(); child.ProcessState == nil || child.ProcessState.ExitCode() != 7 {
		t.Errorf("the child's own status was taken: %v", err)
	}
}
