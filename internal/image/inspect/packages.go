// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bufio"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
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

// readDatabase reads paragraphs of "key: value" lines. A line that is too long
// to be of interest is passed over.
func (s *scan) readDatabase(r io.Reader, fields [2]string) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	var name, version string
	installed := true
	keep := func() {
		if name != "" && installed {
			s.packages[name] = version
		}
		name, version, installed = "", "", true
	}
	for {
		line, long, err := lines.ReadLine()
		if errors.Is(err, io.EOF) {
			keep()
			return nil
		}
		if err != nil {
			return err
		}
		if len(line) == 0 {
			keep()
		}
		key, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case fields[0]:
			name = value
		case fields[1]:
			version = value
		case "Status":
			installed = strings.HasSuffix(value, " installed")
		}
		for long && err == nil {
			_, long, err = lines.ReadLine()
		}
	}
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
