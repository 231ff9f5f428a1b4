// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// patience is how long a test waits for what must happen in a moment.
const patience = 2 * time.Minute

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nothing came of waiting: %s", what)
		}
	}
}

// running counts the processes whose command line holds text.
func running(text string) int {
	n := 0
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(strings.ReplaceAll(string(data), "\x00", " "), text) {
			n++
		}
	}
	return n
}

// engines counts the engines of a root: processes that are the first of their
// own PID namespace. One that an engine is about to start has its command line
// too, until it becomes something else.
func engines(root string) int {
	n := 0
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(strings.ReplaceAll(string(data), "\x00", " "), "engine --root "+root) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(path), "status"))
		if err == nil && firstOfNamespace(string(status)) {
			n++
		}
	}
	return n
}

// firstOfNamespace reads the line NSpid of a process's status: its ids from the
// outermost namespace to its own.
func firstOfNamespace(status string) bool {
	for line := range strings.Lines(status) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// endless is a build whose command has a name of its own and doesn't end.
func endless(t *testing.T, name string) string {
	return directory(t, map[string]string{"strata.yaml": fmt.Sprintf(
		"args: {BASE: null}\nlayers:\n  - build: {from: $BASE, run: [sleep, %q], out: true}\n", name)})
}

// TestKilledClient kills a client while its step runs, and starts another build.
func TestKilledClient(t *testing.T) {
	h := newHouse(t)
	keeper := h.cli.Command("build", "--build-arg", "BASE="+h.base, "--progress=quiet", endless(t, "271828.1"))
	victim := h.cli.Command("build", "--build-arg", "BASE="+h.base, "--progress=quiet", endless(t, "271828.2"))
	for i, cmd := range []*exec.Cmd{keeper, victim} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		eventually(t, "the step runs", func() bool { return running(fmt.Sprintf("sleep 271828.%d", i+1)) > 0 })
	}
	if n := running("engine --root " + h.cli.Root); n != 1 {
		t.Errorf("%d engines serve two builds", n)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the killed client's step ends", func() bool { return running("sleep 271828.2") == 0 })
	if running("sleep 271828.1") == 0 {
		t.Error("the other client's step ended too")
	}
	h.cli.MustRun(t, "build", "--progress=quiet", directory(t, map[string]string{"strata.yaml": helloFile}))
}

// TestInterruptedCommand interrupts a build while its command runs: the step
// ends, and of the outputs nothing is there.
func TestInterruptedCommand(t *testing.T) {
	h := newHouse(t)
	for i, door := range []string{"daemon", "embedded engine"} {
		t.Run(door, func(t *testing.T) {
			out := t.TempDir()
			name := fmt.Sprintf("314159.%d", i)
			args := []string{
				"build", "--build-arg", "BASE=" + h.base, "--progress=plain",
				"-o", "type=oci,dest=" + filepath.Join(out, "oci.tar"), "-o", "type=oci,tar=false,dest=" + filepath.Join(out, "layout"),
				"-o", filepath.Join(out, "files"), "--metadata-file", filepath.Join(out, "metadata"), endless(t, name),
			}
			if door == "daemon" {
				args = append(args, "--addr", h.daemon.Addr)
			}
			cmd := h.cli.Command(args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			cmd.WaitDelay = patience
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the step runs", func() bool { return running("sleep "+name) > 0 })
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the status is what counts
			if got := cmd.ProcessState.ExitCode(); got != 130 {
				t.Errorf("exit status %d, want 130\n%s", got, &stderr)
			}
			eventually(t, "the step ends", func() bool { return running("sleep "+name) == 0 })
			if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// TestSideBySide starts builds at once; one engine serves them all.
func TestSideBySide(t *testing.T) {
	h := newHouse(t)
	most := 0
	var wg sync.WaitGroup
	for i := range 4 {
		dir := directory(t, map[string]string{"strata.yaml": fmt.Sprintf(
			"args: {BASE: null}\nlayers:\n  - build: {from: $BASE, run: 'sleep 1; echo %d > $out/n'}\n", i)})
		wg.Go(func() {
			out := filepath.Join(dir, "out")
			got := h.cli.Run(t, "build", "--build-arg", "BASE="+h.base, "--progress=quiet", "-o", out, dir)
			if got.Code != 0 {
				t.Errorf("build %d: exit status %d\n%s", i, got.Code, got.Stderr)
			} else if text := read(t, filepath.Join(out, "n")); text != fmt.Sprintf("%d\n", i) {
				t.Errorf("build %d gives %q", i, text)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(20 * time.Millisecond):
			most = max(most, engines(h.cli.Root))
		}
	}
	if most != 1 {
		t.Errorf("%d engines ran at once, want 1", most)
	}
}

// TestRoot has the engine keep its state where the user says.
func TestRoot(t *testing.T) {
	cli := testenv.Strata(t)
	dir := directory(t, map[string]string{"strata.yaml": helloFile})
	root := filepath.Join(testenv.Dir(t), "state")
	cli.MustRun(t, "build", "--root", root, "--progress=quiet", dir)
	if entries, err := os.ReadDir(root); err != nil || len(entries) == 0 {
		t.Errorf("there is no state in --root: %v %v", entries, err)
	}
	if _, err := os.Stat(cli.Root); err == nil {
		t.Errorf("there is state in %s, where the user's data is", cli.Root)
	}
	cli.MustRun(t, "build", "--progress=quiet", dir)
	if _, err := os.Stat(filepath.Join(cli.Root, "engine.log")); err != nil {
		t.Errorf("without --root the state isn't in the user's data directory: %v", err)
	}
}
