// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"io"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// databaseLimit is how much of a package database is read, in bytes.
const databaseLimit = 64 << 20

// readPackages reads a file if it is a package database: dpkg's status, one of
// the pieces that images without dpkg have, or apk's list.
func (s *scan) readPackages(name string, r io.Reader) error {
	fields := [2]string{"Package", "Version"}
	switch {
	case name == "var/lib/dpkg/status":
	case path.Dir(name) == "var/lib/dpkg/status.d" && !strings.HasSuffix(name, ".md5sums"):
	case name == "lib/apk/db/installed", name == "usr/lib/apk/db/installed":
		fields = [2]string{"P", "V"}
	default:
		return nil
	}
	if s.packages == nil {
		s.packages = map[string]string{}
	}
	return s.readDatabase(io.LimitReader(r, databaseLimit), fields)
}

// readDatabase reads paragraphs of "key: value" lines, as dpkg and apk have them.
// What is no such line is passed over.
func (s *scan) readDatabase(r io.Reader, fields [2]string) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	in := control.Scanner{Text: string(text)}
	for in.SkipEmpty(); in.Pos < len(in.Text); in.SkipEmpty() {
		var name, version string
		installed := true
		for key, value, ok := in.Next(); key != "" || !ok; key, value, ok = in.Next() {
			switch key {
			case fields[0]:
				name = value
			case fields[1]:
				version = value
			case "Status":
				installed = strings.HasSuffix(value, " installed")
			}
		}
		if name != "" && installed {
			s.packages[name] = version
		}
	}
	return nil
}

// changed lists the packages that are other than before, and updates what is
// before.
func (s *scan) changed(before map[string]string) []string {
	var out []string
	for name, version := range s.packages {
		if old, ok := before[name]; !ok || old != version {
			out = append(out, strings.TrimSpace(name+" "+version))
		}
		before[name] = version
	}
	slices.Sort(out)
	return out
}
