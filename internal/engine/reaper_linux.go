// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// settle is how long after a child's end the reaper looks for orphans, so that a
// crowd of processes that end together costs one look.
const settle = 200 * time.Millisecond

// reap collects orphans, as the first process of a PID namespace must: what a
// killed runtime or a daemonised helper leaves behind becomes this process's
// child. Waiting for "any child" would take exit statuses away from os/exec, on
// which BuildKit and its runtime library rely. But os/exec holds a pidfd of each
// child that it is going to wait for, so a dead child without one is an orphan.
func reap(ctx context.Context) {
	if !hasPidfds() {
		return // a kernel before 5.4: orphans stay zombies until the engine leaves
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	defer signal.Stop(ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
		if sleep(ctx, settle) != nil {
			return
		}
		reapOrphans()
	}
}

// hasPidfds reports whether the Go runtime uses pidfds on this kernel.
func hasPidfds() bool {
	p, err := os.FindProcess(os.Getpid())
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.WithHandle(func(uintptr) {}), os.ErrNoHandle)
}

// reapOrphans collects the dead children no one holds a pidfd of. The children
// are listed before the pidfds: one that is started in between isn't listed, and
// one that was listed had its pidfd from the moment it was cloned.
func reapOrphans() {
	dead := deadChildren()
	if len(dead) == 0 {
		return
	}
	held := heldPids()
	for _, pid := range dead {
		if !held[pid] {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
	}
}

// deadChildren are this process's children that have ended and wait to be reaped.
func deadChildren() []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	self := strconv.Itoa(os.Getpid())
	var dead []int
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// PID (NAME) STATE PARENT …, and the name may hold anything
		line := string(data)
		fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
		if len(fields) < 2 || fields[0] != "Z" || fields[1] != self {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			dead = append(dead, pid)
		}
	}
	return dead
}

// heldPids are the processes this one has a pidfd of.
func heldPids() map[int]bool {
	held := map[int]bool{}
	infos, _ := filepath.Glob("/proc/self/fdinfo/*")
	for _, path := range infos {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			value, ok := strings.CutPrefix(line, "Pid:")
			if !ok {
				continue
			}
			if pid, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
				held[pid] = true
			}
		}
	}
	return held
}
