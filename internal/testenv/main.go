// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// session is what the tests of one process share: a directory, the programs built
// in it, a daemon and a registry. There is one for each process, since that is
// what it is about; [Main] opens and closes it.
type session struct {
	dir      string
	binaries binaries
	parts    parts
	// gogc is what the process was given as GOGC. It is meant for tests and daemons: the
	// programs that users run decide for themselves.
	gogc string

	daemonOnce sync.Once
	daemon     *Daemon
	daemonErr  error
}

// current is the session of this test process; nil unless Main runs.
var current *session

// Main runs the tests of a package that shares parts, stops those, and exits. As
// root, the tests have mounts of their own, which end with them even when they are
// killed, and a disk of their own for temporary files.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	remove, err := ownDisk()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := runIn(m)
	if err := remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

func runIn(m *testing.M) int {
	dir, err := makeDir()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	current = &session{dir: dir, gogc: os.Getenv("GOGC")}
	if err := os.Unsetenv("GOGC"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := m.Run()
	if err := current.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

func (s *session) close() error {
	s.parts.close()
	if s.daemon != nil {
		if err := s.daemon.stop(); err != nil {
			return fmt.Errorf("stop shared buildkitd: %w", err)
		}
	}
	return removeDir(s.dir)
}

// sharedSession returns the session of the process.
func sharedSession(t testing.TB) *session {
	t.Helper()
	if current == nil {
		t.Fatal("testenv: shared parts need `func TestMain(m *testing.M) { testenv.Main(m) }` in this package")
	}
	return current
}
