// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// exitStatus is the status that a command ended with.
func exitStatus(err error) string {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		return strconv.Itoa(e.ExitCode())
	}
	return err.Error()
}

func fillFile(path, count, char string) error {
	n, err := strconv.Atoi(count)
	if err != nil || len(char) != 1 {
		return fmt.Errorf("fill %s with %q: %w", path, char, err)
	}
	return os.WriteFile(path, bytes.Repeat([]byte(char), n), 0o600)
}
