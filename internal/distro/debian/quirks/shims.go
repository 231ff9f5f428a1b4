// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// ShimDir comes first in the PATH of maintainer scripts. It is in memory.
	ShimDir = "/dev/.strata/bin"
	// LaneDir comes before it for scripts that run beside dpkg.
	LaneDir = "/dev/.strata/lane"
)

// PlaceShims puts the helper where scripts look for a program that it is a shim for,
// by the program's name.
func PlaceShims() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the step helper: %w", err)
	}
	for dir, name := range map[string]string{ShimDir: certificatesProgram, LaneDir: dpkgName} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make a directory for the step helper: %w", err)
		}
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("place the step helper: %w", err)
		}
	}
	return nil
}

// Shim runs the program that the helper was called as, if it is a shim for one: it
// does the same or becomes that program. It returns the exit status.
func Shim(argv []string, stdout, stderr io.Writer) (status int, ok bool) {
	if len(argv) == 0 {
		return 0, false
	}
	switch filepath.Base(argv[0]) {
	case certificatesProgram:
		return updateTrust(argv[1:], stdout, stderr), true
	case dpkgName:
		return listOrBecome(argv[1:], stdout, stderr), true
	}
	return 0, false
}

const (
	dpkgName = "dpkg"
	dpkgPath = "/usr/bin/dpkg"
)

// listOrBecome is dpkg. It lists the files of a package by itself: dpkg reads its
// whole database for that, which another one may be writing.
func listOrBecome(args []string, stdout, stderr io.Writer) int {
	if len(args) == 2 && args[0] == "-L" && !strings.ContainsAny(args[1], "/*?[") {
		if text, err := os.ReadFile("/var/lib/dpkg/info/" + args[1] + ".list"); err == nil {
			if _, err := stdout.Write(text); err != nil {
				return 2
			}
			return 0
		}
	}
	err := unix.Exec(dpkgPath, append([]string{dpkgPath}, args...), os.Environ())
	fmt.Fprintf(stderr, "run %s: %v\n", dpkgPath, err)
	return 2
}
