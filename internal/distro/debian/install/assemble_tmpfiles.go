// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// tmpfiles makes the directories of files of tmpfiles.d(5), as systemd-tmpfiles --create
// does. Lines for what is to be cleaned up or removed, or for when a system boots, are for a
// running one.
func tmpfiles(c *noshell.Call) error {
	opt, names, err := c.Options("create root:")
	if err != nil {
		return err
	}
	if len(names) == 0 || !opt.Has("create") || strings.Trim(opt.Value("root"), "/") != "" {
		return noshell.Refuse("it isn't followed")
	}
	for _, name := range names {
		text, err := readTmpfiles(c.Files(), name)
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if err := tmpfilesLine(c, strings.TrimSpace(line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTmpfiles reads the first file of a name, or the one with a path.
func readTmpfiles(files *noshell.Files, name string) (string, error) {
	dirs := []string{"/etc/tmpfiles.d/", "/run/tmpfiles.d/", "/usr/local/lib/tmpfiles.d/", "/usr/lib/tmpfiles.d/"}
	if strings.Contains(name, "/") {
		dirs = []string{""}
	}
	for _, dir := range dirs {
		text, err := files.Read(dir + name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return string(text), err
		}
	}
	return "", noshell.Status(1)
}

// tmpfilesLine makes the directory of a line. One that is there gets the mode and the owner.
func tmpfilesLine(c *noshell.Call, line string) error {
	fields := strings.Fields(line)
	if len(fields) == 0 || strings.HasPrefix(line, "#") {
		return nil
	}
	switch kind := strings.TrimRight(fields[0], "-"); {
	case strings.Contains(kind, "!"), strings.ContainsAny(kind, "xXrR") && len(kind) == 1:
		return nil
	case len(fields) < 2 || strings.ContainsAny(line, `%"'\`) || !strings.ContainsAny(kind, "dDvqQ") || len(kind) != 1:
		return noshell.Refuse("the line %.60q isn't followed", line)
	}
	for i, f := range fields {
		if f == "-" {
			fields[i] = ""
		}
	}
	fields = append(fields, "", "", "")
	dir, owner := fields[1], cmp.Or(fields[3], "0")+":"+cmp.Or(fields[4], "0")
	for _, command := range [][]string{{"mkdir", "-p", dir}, {"chown", owner, dir}, {"chmod", "0" + cmp.Or(fields[2], "0755"), dir}} {
		if err := c.Other(command); err != nil {
			return err
		}
	}
	return nil
}
