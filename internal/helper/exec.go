// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/strata-build/strata/internal/call"
)

// execCommand becomes a command whose environment holds the named variables and no
// others. The daemon adds some of its own, such as the ids of a trace, which
// differ in every run. It returns only if the command can't be started, with
// the exit status that a shell would give.
func execCommand(c call.Exec) (int, error) {
	argv := c.Command
	file, err := exec.LookPath(argv[0])
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return 127, fmt.Errorf("find command %s: %w", argv[0], err)
	}
	if err != nil {
		return 126, fmt.Errorf("start command %s: %w", argv[0], err)
	}
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return !slices.Contains(c.Env, name)
	})
	return 126, fmt.Errorf("start command %s: %w", argv[0], syscall.Exec(file, argv, env))
}
