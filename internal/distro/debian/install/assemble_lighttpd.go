// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// lighttpdDir is where lighttpd's configuration is.
const lighttpdDir = "/etc/lighttpd/"

// enableLighttpd makes links to modules of lighttpd's configuration, and to what they
// depend on, as lighty-enable-mod does.
func (a *assembler) enableLighttpd(c *noshell.Call) error {
	if _, err := c.Files().Stat("/usr/sbin/lighty-enable-mod", true); err != nil || len(c.Args) < 2 {
		return noshell.Refuse("it isn't followed")
	}
	available, err := lighttpdModules(c.Files(), lighttpdDir+"conf-available")
	if err != nil {
		return err
	}
	enabled, err := lighttpdModules(c.Files(), lighttpdDir+"conf-enabled")
	if err != nil {
		return err
	}
	var status error
	for todo := slices.Clone(c.Args[1:]); len(todo) > 0; todo = todo[1:] {
		file := available[todo[0]]
		if file == "" || enabled[todo[0]] != "" {
			status = noshell.Status(2) // there is nothing to do
			continue
		}
		text, err := c.Files().Read(lighttpdDir + "conf-available/" + file)
		if err != nil {
			return err
		}
		for _, name := range lighttpdNames(string(text), "depends") {
			switch {
			case available[name] == "":
				return noshell.Status(1)
			case enabled[name] == "":
				todo = append(todo, name)
			}
		}
		if slices.ContainsFunc(lighttpdNames(string(text), "conflicts"), func(name string) bool { return enabled[name] != "" }) {
			return noshell.Status(1)
		}
		if err := a.root.Link(lighttpdDir+"conf-enabled/"+file, "../conf-available/"+file); err != nil {
			return err
		}
		enabled[todo[0]] = file
	}
	return status
}

// lighttpdModules are the files of modules in a directory, by the modules' names.
func lighttpdModules(files *noshell.Files, dir string) (map[string]string, error) {
	entries, err := files.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	modules := map[string]string{}
	for _, e := range entries {
		if m := lighttpdFile.FindStringSubmatch(path.Base(e.Name())); m != nil {
			modules[m[1]] = e.Name()
		}
	}
	return modules, nil
}

var lighttpdFile = regexp.MustCompile(`^\d+-([\w.-]+)\.conf$`)

// lighttpdNames are the modules that a module's file names after a word.
func lighttpdNames(text, word string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`# -\*- `+word+`: ([-\w, ]+) -\*-`).FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(m[1], ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}
