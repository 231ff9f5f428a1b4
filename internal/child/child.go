// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package child starts processes from steps, and finds those that there are.
//
// Where a step's processor is emulated by qemu-user, a process of several threads that
// forks may leave its copy waiting for a lock of the emulator, which a thread held that
// isn't copied. The copy never becomes the program, and who started it waits for ever.
// Here it is ended after a while, and the program started again: nothing of it has run.
package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrStuck says that the emulator of the processor hung, as often as it was tried,
// before a program began.
var ErrStuck = errors.New("the emulator of its processor hangs before it begins; run the build again, " +
	"or on a machine that has such a processor")

// tries is how often a program is started whose start is stuck.
const tries = 4

// A Starter starts programs, one at a time. The zero value is ready for use. A process
// has one for all that it starts.
type Starter struct {
	mu sync.Mutex
	// look is how copies are looked for, if not as [ownWatch] says.
	look *watch
}

// ForkExec starts a program as [syscall.ForkExec] does, and returns its process number.
// The error may be ErrStuck.
func (s *Starter) ForkExec(file string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	for range tries {
		stuck := s.watching(func() { pid, err = syscall.ForkExec(file, argv, attr) })
		if err != nil || !stuck[pid] {
			return pid, err
		}
		if err := reap(pid); err != nil {
			return 0, err
		}
	}
	return 0, ErrStuck
}

// Run runs a program as [exec.Cmd.Run] does. command makes the command, once for each
// time that it has to be started. The error may be ErrStuck.
func (s *Starter) Run(command func() *exec.Cmd) error {
	for range tries {
		cmd := command()
		var err error
		stuck := s.watching(func() { err = cmd.Start() })
		if err != nil {
			return err
		}
		if err = cmd.Wait(); !stuck[cmd.Process.Pid] {
			return err
		}
	}
	return ErrStuck
}

// watching starts what start does, and says which copies of this process were ended
// meanwhile.
func (s *Starter) watching(start func()) (stuck map[int]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.look
	if w == nil {
		w = ownWatch()
	}
	ended := w.begin()
	start()
	return ended()
}

// reap waits until a child has ended.
func reap(pid int) error {
	for {
		_, err := unix.Wait4(pid, nil, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for process %d: %w", pid, err)
		}
		return nil
	}
}

// All are the numbers of the process's children, as far as they can be seen.
func All() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	own := strconv.Itoa(os.Getpid())
	var out []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields := Stat(entry.Name()); len(fields) > 1 && fields[1] == own {
			out = append(out, pid)
		}
	}
	return out, nil
}

// Stat are the fields of /proc/PID/stat from the process's state on, which is the
// third; the second may hold blanks and parentheses itself. It is empty if there is no
// such process.
func Stat(pid string) []string {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}
