// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// OnScratch is what the script of a package comes to in a root where nothing was
// before; ok is false for a package whose script isn't known.
func OnScratch(name string) (do func(rootdir.Root) error, ok bool) {
	nothing := func(rootdir.Root) error { return nil }
	do, ok = map[string]func(rootdir.Root) error{
		"base-passwd":     nothing, // Accounts has been there already
		"ca-certificates": certificates,
		"debconf":         nothing,
		"libc6":           nothing,
		"passwd":          shadow,
		"tzdata":          zone,
	}[name]
	return do, ok
}

// Accounts writes the users and groups that every Debian has, if base-passwd is
// there. All scripts may need them, so it comes first.
func Accounts(root rootdir.Root) error {
	for name, file := range map[string]string{"passwd": rootdir.Users, "group": rootdir.Groups} {
		text, err := os.ReadFile(root.At("/usr/share/base-passwd/" + name + ".master"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := root.Write(file, string(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shadow moves the passwords, of which there are none, to where only root reads
// them. The day of their last change stays empty; see shadow(5).
func shadow(root rootdir.Root) error {
	for _, f := range []struct{ open, hidden, rest string }{
		{rootdir.Users, "/etc/shadow", ":0:99999:7:::"}, {rootdir.Groups, "/etc/gshadow", ":"},
	} {
		text, err := os.ReadFile(root.At(f.open))
		if err != nil {
			return err
		}
		var open, hidden strings.Builder
		for line := range strings.Lines(string(text)) {
			fields := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
			if len(fields) != 3 {
				continue
			}
			open.WriteString(fields[0] + ":x:" + fields[2] + "\n")
			hidden.WriteString(fields[0] + ":" + fields[1] + ":" + f.rest + "\n")
		}
		if err := errors.Join(root.Write(f.open, open.String(), 0o644), root.Write(f.hidden, hidden.String(), 0o640)); err != nil {
			return err
		}
		number, err := root.Number(rootdir.Groups, "shadow")
		if err != nil {
			return err
		}
		if gid, err := strconv.Atoi(number); err == nil {
			if err := os.Chown(root.At(f.hidden), 0, gid); err != nil {
				return err
			}
		}
	}
	return nil
}

// zone is the time zone where there is no answer to the question for it.
func zone(root rootdir.Root) error {
	return errors.Join(root.Link("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"), root.Write("/etc/timezone", "Etc/UTC\n", 0o644))
}
