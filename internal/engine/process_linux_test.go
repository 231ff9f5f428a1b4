// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"golang.org/x/sys/unix"
)

func TestClientsShareOneEngine(t *testing.T) {
	o := options(t)
	const clients = 8
	pids := make([]int, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			c, err := Connect(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			pids[i] = enginePID(t, o.Root)
		})
	}
	wg.Wait()
	if slices.Min(pids) != slices.Max(pids) || pids[0] == 0 {
		t.Errorf("%d clients at once were served by processes %v", clients, pids)
	}
	if n := len(processes("--root " + o.Root + " ")); n != 1 {
		t.Errorf("%d processes run for one state directory", n)
	}
}

// processes are those whose command line holds text.
func processes(text string) []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		data, err := os.ReadFile(path)
		if line := strings.ReplaceAll(string(data), "\x00", " "); err == nil && strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// forever is a command that does not end, with a name of its own.
func forever(name string) string { return fmt.Sprintf("sleep 100000; : %s-%d", name, os.Getpid()) }

func TestKilledEngineLeavesNothing(t *testing.T) {
	o := options(t)
	dir := mustRootfs(t)
	first := mustConnect(t, o)
	state := step("echo built >/built")
	if _, err := solve(t.Context(), first, state, dir, ""); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := solve(t.Context(), first, step(forever("engine")), dir, "")
		failed <- err
	}()
	pid := enginePID(t, o.Root)
	spaces := map[string]string{}
	for _, kind := range []string{"pid", "mnt"} {
		link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			t.Fatal(err)
		}
		spaces[kind] = link
	}
	eventually(t, "the step runs", func() bool { return len(processes("/bin/sh -c "+forever("engine"))) > 0 })
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("the build succeeded though its engine was killed")
	}
	for kind, link := range spaces {
		eventually(t, "no process is left in the engine's "+kind+" namespace", func() bool { return len(members(kind, link)) == 0 })
	}
	eventually(t, "the step is gone", func() bool { return len(processes("/bin/sh -c "+forever("engine"))) == 0 })
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), o.Root) {
		t.Errorf("the engine left mounts: %v\n%s", err, mounts)
	}

	second := mustConnect(t, o)
	cached, err := solve(t.Context(), second, state, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if name := "/bin/sh -c echo built >/built"; !cached[name] {
		t.Errorf("the step was not cached after the engine was killed: %v", cached)
	}
	bundles, err := filepath.Glob(filepath.Join(o.Root, "runc-*", "executor", "*", "config.json"))
	if err != nil || len(bundles) > 0 {
		t.Errorf("the killed engine's bundles are still there: %v %v", bundles, err)
	}
}

func TestKilledClientEndsItsSteps(t *testing.T) {
	o := options(t)
	mustConnect(t, o) // keeps the engine
	pid := enginePID(t, o.Root)
	cmd := self(t, nil, "sleep-client", o.Root, mustRootfs(t), forever("client"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the step runs", func() bool { return len(processes("/bin/sh -c "+forever("client"))) > 0 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "the step ends", func() bool { return len(processes("/bin/sh -c "+forever("client"))) == 0 })
	if got := enginePID(t, o.Root); got != pid {
		t.Errorf("the engine was %d and is %d: the step ended because it was replaced", pid, got)
	}
}

// sleepClient runs a step that does not end.
func sleepClient(ctx context.Context, args []string) error {
	c, err := Connect(ctx, Options{Root: args[0]})
	if err != nil {
		return err
	}
	_, err = solve(ctx, c, step(args[2]), args[1], "")
	return err
}

func TestLeavesWithoutClients(t *testing.T) {
	o := options(t)
	o.Linger = time.Millisecond
	c := mustConnect(t, o)
	pid := enginePID(t, o.Root)
	if _, err := solve(t.Context(), c, bk.Scratch().File(bk.Mkfile("/a", 0o644, nil)), "", ""); err != nil {
		t.Fatal(err)
	}
	if gone(pid) {
		t.Fatal("the engine left a client alone")
	}
	c.Close()
	eventually(t, "the engine leaves", func() bool { return gone(pid) })
	if _, err := os.Stat(filepath.Join(o.Root, socketName)); err == nil {
		t.Error("the engine left its socket behind")
	}
}

func TestLeavesWhenItsDirIsGone(t *testing.T) {
	o := options(t)
	mustConnect(t, o)
	pid := enginePID(t, o.Root)
	eventually(t, "the directory can be removed", func() bool { return os.RemoveAll(o.Root) == nil })
	eventually(t, "the engine leaves", func() bool { return gone(pid) })
}

func TestStopCutsOffABuildThatGoesOn(t *testing.T) {
	o := options(t)
	o.Grace = time.Millisecond
	c := mustConnect(t, o)
	pid := enginePID(t, o.Root)
	dir := mustRootfs(t)
	failed := make(chan error, 1)
	go func() {
		_, err := solve(t.Context(), c, step(forever("stop")), dir, "")
		failed <- err
	}()
	eventually(t, "the step runs", func() bool { return len(processes("/bin/sh -c "+forever("stop"))) > 0 })
	if err := Stop(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("the build succeeded though its engine was stopped")
	}
	eventually(t, "the engine is gone", func() bool { return gone(pid) })
	eventually(t, "the step is gone", func() bool { return len(processes("/bin/sh -c "+forever("stop"))) == 0 })
}

func TestStopEndsTheEngine(t *testing.T) {
	o := options(t)
	c := mustConnect(t, o)
	pid := enginePID(t, o.Root)
	if err := Stop(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the engine is gone", func() bool { return gone(pid) })
	eventually(t, "a client is told that the engine has stopped", func() bool {
		_, err := c.Info(t.Context()) // the first answer may be about the connection
		return err != nil && strings.Contains(err.Error(), "the engine has stopped")
	})
}

func TestIsNotStartedByHand(t *testing.T) {
	root := t.TempDir()
	out, err := self(t, nil, append([]string{Subcommand}, Options{Root: root}.arguments()...)...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not by hand") {
		t.Errorf("got %v: %s", err, out)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("it wrote %v, %v", left, err)
	}
}

func TestNeedsRoot(t *testing.T) {
	out, err := self(t, nil, "nobody-client", t.TempDir()).CombinedOutput()
	text := string(out)
	if testing.CoverMode() != "" { // then the process complains that it can't write its counters
		text, _, _ = strings.Cut(text, "error: coverage ")
	}
	if err == nil || text != ErrNotRoot.Error() {
		t.Errorf("nobody got %v: %s", err, out)
	}
}

// nobodyClient connects as a user who may not.
func nobodyClient(ctx context.Context, args []string) error {
	if err := syscall.Setuid(65534); err != nil {
		return err
	}
	_, err := Connect(ctx, Options{Root: args[0]})
	return err
}
