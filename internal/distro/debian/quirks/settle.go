// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// Settle takes out of the image at root what maintainer scripts make differently in
// every run, which began at start. base is the image without the packages.
func Settle(root, base rootdir.Root, start time.Time) error {
	for _, file := range []string{"/etc/shadow", "/etc/shadow-"} {
		if err := settleShadow(root.At(file), base.At("/etc/shadow")); err != nil {
			return fmt.Errorf("settle %s: %w", file, err)
		}
	}
	return errors.Join(settleCaches(root, base, start), settleMachineID(root, base), settleJavaStore(root, start))
}

// settleShadow replaces the day on which a new account was made, the third field
// of shadow(5), by the latest one in the base.
func settleShadow(file, baseFile string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := os.ReadFile(baseFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known, day := map[string]bool{}, 0
	for line := range strings.SplitSeq(string(before), "\n") {
		if f := strings.Split(line, ":"); len(f) > 2 {
			known[f[0]] = true
			if n, err := strconv.Atoi(f[2]); err == nil {
				day = max(day, n)
			}
		}
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if f := strings.Split(line, ":"); len(f) > 2 && !known[f[0]] && f[2] != "" && f[2] != "0" {
			f[2] = strconv.Itoa(max(day, 1))
			lines[i] = strings.Join(f, ":")
		}
	}
	if after := strings.Join(lines, "\n"); after != string(text) {
		return os.WriteFile(file, []byte(after), 0)
	}
	return nil
}

// settleMachineID takes back a machine's identity that a script made up: machines
// started from one image must not share it, and it is different in every build.
// An empty /etc/machine-id is filled when a machine starts; see machine-id(5).
func settleMachineID(root, base rootdir.Root) error {
	const etc, dbus = "/etc/machine-id", "/var/lib/dbus/machine-id"
	was, errWas := os.ReadFile(base.At(etc))
	is, err := os.ReadFile(root.At(etc))
	if err == nil && len(is) > 0 && (errWas != nil || string(was) != string(is)) {
		err = os.WriteFile(root.At(etc), nil, 0)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("settle %s: %w", etc, err)
	}
	if _, err := os.Lstat(base.At(dbus)); err == nil {
		return nil
	}
	if info, err := os.Lstat(root.At(dbus)); err == nil && info.Mode().IsRegular() {
		if err := os.Remove(root.At(dbus)); err != nil {
			return fmt.Errorf("settle %s: %w", dbus, err)
		}
	}
	return nil
}
