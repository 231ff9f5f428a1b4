// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/child"
)

// adoptOrphans makes what descendants leave running the helper's own children, as
// they are where the helper is the container's first process.
func adoptOrphans() error {
	if os.Getpid() == 1 {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become subreaper: %w", err)
	}
	return nil
}

// reapUntil waits for any child until pid has ended, and returns its exit status.
func reapUntil(pid int) (int, error) {
	for {
		var status unix.WaitStatus
		ended, err := unix.Wait4(-1, &status, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("wait for command: %w", err)
		}
		if ended != pid {
			continue
		}
		if status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return status.ExitStatus(), nil
	}
}

// killRest kills what the command left running and waits until it is gone, so
// that nothing changes a file any more.
func killRest() error {
	for {
		if err := killAll(); err != nil {
			return err
		}
		_, err := unix.Wait4(-1, nil, 0, nil)
		if errors.Is(err, unix.ECHILD) {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for processes left behind: %w", err)
		}
	}
}

// killAll kills every process of the container if the helper is its first
// one. Otherwise the process numbers are shared with others, and it kills only
// its own children; theirs become its children in turn.
func killAll() error {
	if os.Getpid() == 1 {
		if err := unix.Kill(-1, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("kill processes left behind: %w", err)
		}
		return nil
	}
	children, err := child.All()
	if err != nil {
		return fmt.Errorf("find processes left behind: %w", err)
	}
	for _, pid := range children {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	return nil
}
