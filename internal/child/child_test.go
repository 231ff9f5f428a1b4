// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package child

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStuck starts a program whose start hangs, as often as the case says: the kernel
// asks the test whether it may be executed, and gets no answer.
func TestStuck(t *testing.T) {
	for _, c := range []struct {
		hangs int
		err   error
	}{{0, nil}, {2, nil}, {tries, ErrStuck}} {
		t.Run(fmt.Sprint("Run/", c.hangs), func(t *testing.T) {
			program, s := hanging(t, c.hangs), impatient(t)
			var out bytes.Buffer
			err := s.Run(func() *exec.Cmd {
				return &exec.Cmd{
					Path: program, Args: []string{"echo", "ran"}, Stdout: &out,
					SysProcAttr: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: root(), GidMappings: root()},
				}
			})
			want := "ran\n"
			if c.err != nil {
				want = ""
			}
			if !errors.Is(err, c.err) || out.String() != want {
				t.Errorf("Run gives %v and %q; want %v and %q", err, &out, c.err, want)
			}
			checkNoChild(t)
		})
		t.Run(fmt.Sprint("ForkExec/", c.hangs), func(t *testing.T) {
			program, s := hanging(t, c.hangs), impatient(t)
			pid, err := s.ForkExec(program, []string{"false"}, &syscall.ProcAttr{
				Sys: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: root(), GidMappings: root()},
			})
			if !errors.Is(err, c.err) {
				t.Fatalf("ForkExec: %v; want %v", err, c.err)
			}
			if err == nil {
				var status unix.WaitStatus
				if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 1 {
					t.Errorf("the program: %v, status %d; want 1", err, status.ExitStatus())
				}
			}
			checkNoChild(t)
		})
	}
}

// TestOthers shows that a failure to start and the end by a signal stay what they are,
// and that no child but a copy is ended.
func TestOthers(t *testing.T) {
	s := impatient(t)
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	if err := s.Run(func() *exec.Cmd { return exec.Command("/no/such") }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run of no program: %v", err)
	}
	if _, err := s.ForkExec("/no/such", []string{"such"}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ForkExec of no program: %v", err)
	}
	times := 0
	var exit *exec.ExitError
	err := s.Run(func() *exec.Cmd {
		times++
		return exec.Command("sh", "-c", "sleep 0.5; kill -9 $$")
	})
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL || times != 1 {
		t.Errorf("Run of what kills itself: %v, %d times", err, times)
	}
	program := hanging(t, 1)
	if err := s.Run(func() *exec.Cmd {
		return &exec.Cmd{Path: program, Args: []string{"true"}, SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWUSER, UidMappings: root(), GidMappings: root(),
		}}
	}); err != nil {
		t.Error(err)
	}
	if all, err := All(); err != nil || !slices.Contains(all, other.Process.Pid) {
		t.Errorf("the children are %v (%v), without %d", all, err, other.Process.Pid)
	}
}

// TestOwnWatch shows that nothing is looked for where the kernel runs the program
// itself, as it does here.
func TestOwnWatch(t *testing.T) {
	if w := ownWatch(); *w != (watch{}) {
		t.Errorf("ownWatch gives %+v", w)
	}
}

// impatient is a Starter that looks for copies as under an emulator, and soon.
func impatient(t *testing.T) *Starter {
	t.Helper()
	own, err := arguments(fmt.Sprint(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	return &Starter{look: &watch{words: own, after: 300 * time.Millisecond}}
}

// root maps the user of the test. With a map, Go copies the process, and doesn't wait
// until the copy has become the program, which is what an emulator makes of the other way.
func root() []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{Size: 1}} }

// hanging is a copy of busybox whose first executions don't begin.
func hanging(t *testing.T, times int) string {
	t.Helper()
	text, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		t.Fatal("fanotify:", err)
	}
	group := os.NewFile(uintptr(fd), "fanotify")
	t.Cleanup(func() { _ = group.Close() }) // what still waits may go on
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, program); err != nil {
		t.Fatal("fanotify:", err)
	}
	go func() {
		for {
			var event unix.FanotifyEventMetadata
			if err := binary.Read(group, binary.NativeEndian, &event); err != nil {
				return
			}
			if times--; times < 0 {
				_ = binary.Write(group, binary.NativeEndian, unix.FanotifyResponse{Fd: event.Fd, Response: unix.FAN_ALLOW})
				_ = unix.Close(int(event.Fd))
			} // else it stays open: an answer is found by its number
		}
	}()
	return program
}

func checkNoChild(t *testing.T) {
	t.Helper()
	if all, err := All(); err != nil || len(all) > 0 {
		t.Errorf("children are left: %v (%v)", all, err)
	}
}
