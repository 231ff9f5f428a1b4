// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// markerName is the variable by which a test finds the processes that a command
// left running, as the embedded engine is meant to do.
const markerName = "STRATA_TESTENV"

// cleanEnv is this process's environment without what would lead a command to
// the user's own daemon, files or marker.
func cleanEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "DOCKER_"),
			strings.HasPrefix(name, "BUILDKIT_"), strings.HasPrefix(name, "BUILDX_"),
			name == markerName, name == "SOURCE_DATE_EPOCH":
		default:
			env = append(env, entry)
		}
	}
	return env
}

// Processes returns the ids of the live processes that c's commands started and
// left, the embedded engine among them.
func (c *CLI) Processes() ([]int, error) {
	return marked(c.marker())
}

func marked(entry string) ([]int, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var ids []int
	for _, path := range paths {
		// The process may be gone by now, or be a kernel's.
		data, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(append([]byte{0}, data...), []byte("\x00"+entry+"\x00")) {
			continue
		}
		if id, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && id != os.Getpid() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// endMarked asks the marked processes to end, then kills those that stay.
func endMarked(entry string) error {
	deadline := time.Now().Add(stopLimit)
	signal := syscall.SIGTERM
	for {
		ids, err := marked(entry)
		if err != nil || len(ids) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("end processes: %v stay", ids)
		}
		var errs []error
		for _, id := range ids {
			if err := syscall.Kill(id, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, fmt.Errorf("end process %d: %w", id, err))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
		if time.Until(deadline) < stopLimit/2 {
			signal = syscall.SIGKILL
		}
	}
}
