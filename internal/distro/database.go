// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"iter"
	"strings"
)

// Database reads what an image has installed from its files, whose names are relative
// to the image's root.
type Database interface {
	// IsDatabase reports whether a file is one of the database's.
	IsDatabase(file string) bool
	// Versions yields the names and versions of packages that one of its files has as
	// installed. What can't be read is passed over.
	Versions(text string) iter.Seq2[string, string]
	// Installed are the packages of the database's files, by their names.
	Installed(files map[string][]byte) ([]Package, error)
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
