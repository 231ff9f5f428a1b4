// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
)

// logVariable is where the stand-in finds the file that it notes scenarios in.
const logVariable = "APT_SUITE_LOG"

// standIn notes what apt and ours would do, if packages are to be installed, and becomes
// apt then.
func standIn(name string, args []string) int {
	if err := note(name, args); err != nil {
		fmt.Fprintln(os.Stderr, "apt-suite:", err)
		return 99
	}
	program := "/usr/bin/" + name
	err := syscall.Exec(program, append([]string{program}, args...), os.Environ()) //nolint:gosec // what the script runs
	fmt.Fprintln(os.Stderr, "apt-suite:", err)
	return 99
}

// note appends a line to the log.
func note(name string, args []string) error {
	sc := readWords(name, args)
	if sc == nil {
		return nil
	}
	if sc.Apart == "" {
		if err := sc.ask(); err != nil {
			sc.Apart = "the state can't be read: " + err.Error()
		}
	}
	line, err := json.Marshal(sc)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(os.Getenv(logVariable), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return err
}
