// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"iter"
	"strings"
)

// Database reads what an image has installed from its files.
type Database interface {
	// Fields are the names of the fields with a package's name and version in a file,
	// whose name is relative to the image's root. It returns false for a file that
	// isn't the database's.
	Fields(file string) (Fields, bool)
	// Installed are the packages of the database's files, by their names.
	Installed(files map[string][]byte) ([]Package, error)
}

// Fields are names of fields in the paragraphs of a database.
type Fields struct{ Name, Version string }

// Read yields the names and versions of installed packages, from paragraphs of
// "key: value" lines. What isn't such a line is passed over.
func (f Fields) Read(text string) iter.Seq2[string, string] {
	return func(yield func(name, version string) bool) {
		var name, version string
		installed := true
		for line := range strings.Lines(text + "\n\n") {
			key, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch key {
			case f.Name:
				name = value
			case f.Version:
				version = value
			case "Status":
				installed = strings.HasSuffix(value, " installed")
			}
			if strings.TrimSpace(line) != "" {
				continue
			}
			if name != "" && installed && !yield(name, version) {
				return
			}
			name, version, installed = "", "", true
		}
	}
}

// ReadRelease returns the distribution of an os-release file as a lock has it, such as
// debian-12; empty when the file doesn't say.
func ReadRelease(text []byte) string {
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `"'`)
	}
	id, version := values["ID"], values["VERSION_ID"]
	switch {
	case id == "wolfi":
		return id // which has no versions
	case id == "alpine":
		if parts := strings.Split(version, "."); len(parts) > 2 {
			version = strings.Join(parts[:2], ".")
		}
	}
	if id == "" || version == "" {
		return id
	}
	return id + "-" + version
}
