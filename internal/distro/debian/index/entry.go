// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// An Entry is what a resolver looks at in a package's paragraph. Its strings are
// parts of the index's text.
type Entry struct {
	Name, Version, Architecture  string
	MultiArch, Priority, Section string
	source, Filename, SHA256     string
	size, installedSize          string
	Status, Provides             string
	Relations                    [control.Kinds]string
	Essential, Important         bool
}

// set takes one field of a paragraph. Names differ not by upper and lower case.
func (c *Entry) set(name, value string) {
	if full, to := c.slot(name); to != nil {
		if strings.EqualFold(name, full) {
			*to = value
		}
		return
	}
	switch {
	case strings.EqualFold(name, "Essential"):
		c.Essential = c.Essential || strings.EqualFold(value, "yes")
	case strings.EqualFold(name, "Important"), strings.EqualFold(name, "Protected"):
		c.Important = c.Important || strings.EqualFold(value, "yes")
	}
}

// slot returns the only field that the length and the first letter of a name
// leave, and where its value goes.
func (c *Entry) slot(name string) (full string, to *string) {
	type key struct {
		length int
		first  byte
	}
	switch (key{len(name), name[0] | 0x20}) {
	case key{4, 's'}:
		return "Size", &c.size
	case key{6, 's'}:
		return c.slotS6(name)
	case key{6, 'b'}:
		return "Breaks", &c.Relations[control.Breaks]
	case key{7, 'p'}:
		return "Package", &c.Name
	case key{7, 'v'}:
		return "Version", &c.Version
	case key{7, 's'}:
		return "Section", &c.Section
	case key{7, 'd'}:
		return "Depends", &c.Relations[control.Depends]
	case key{8, 'f'}:
		return "Filename", &c.Filename
	case key{8, 's'}:
		return "Suggests", &c.Relations[control.Suggests]
	case key{8, 'r'}:
		return "Replaces", &c.Relations[control.Replaces]
	case key{8, 'e'}:
		return "Enhances", &c.Relations[control.Enhances]
	case key{8, 'p'}:
		if name[2]|0x20 == 'o' {
			return "Provides", &c.Provides
		}
		return "Priority", &c.Priority
	case key{9, 'c'}:
		return "Conflicts", &c.Relations[control.Conflicts]
	case key{10, 'm'}:
		return "Multi-Arch", &c.MultiArch
	case key{10, 'r'}:
		return "Recommends", &c.Relations[control.Recommends]
	case key{11, 'p'}:
		return "Pre-Depends", &c.Relations[control.PreDepends]
	case key{12, 'a'}:
		return "Architecture", &c.Architecture
	case key{14, 'i'}:
		return "Installed-Size", &c.installedSize
	}
	return "", nil
}

func (c *Entry) slotS6(name string) (full string, to *string) {
	switch name[1] | 0x20 {
	case 'h':
		return "SHA256", &c.SHA256
	case 'o':
		return "Source", &c.source
	}
	return "Status", &c.Status
}

// read takes the fields of the paragraph at f's position.
func (c *Entry) read(f *control.Scanner) (ok bool, bad string) {
	for {
		name, value, ok := f.Next()
		if !ok {
			return false, value
		}
		if name == "" {
			return true, ""
		}
		c.set(name, value)
	}
}

// SourceOf returns the name and the version of the source package, in the
// notation "name (version)" where they differ from the binary's.
func (c *Entry) SourceOf() (name, version string) {
	name, version = c.source, c.Version
	if name == "" {
		name, _ = Unqualified(c.Name)
		return name, version
	}
	if i := strings.IndexByte(name, ' '); i >= 0 {
		inside := strings.TrimSpace(name[i:])
		name = name[:i]
		if len(inside) > 2 && inside[0] == '(' && inside[len(inside)-1] == ')' {
			version = inside[1 : len(inside)-1]
		}
	}
	return name, version
}

// PriorityRank orders the priorities: required first; what is unknown is extra,
// what is missing comes before all, as in apt.
func (c *Entry) PriorityRank() int {
	switch strings.ToLower(c.Priority) {
	case "":
		return 0
	case "required":
		return 1
	case "important":
		return 2
	case "standard":
		return 3
	case "optional":
		return 4
	}
	return 5
}

// FileSize is the size of the package's file in bytes, 0 when it isn't said.
func (c *Entry) FileSize() int64 { return number(c.size) }

// InstalledBytes is what the package says that its files need, in bytes.
func (c *Entry) InstalledBytes() int64 { return number(c.installedSize) << 10 }

// number reads a size, 0 when there is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
