// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"strconv"
	"strings"
)

// fields walks over the fields of one paragraph of a text, without copying.
type fields struct {
	text string
	pos  int
}

// next returns the next field; its value runs over continued lines and keeps
// their line breaks. At an empty line or the end of the text, name is "". A
// line that is no field is returned as a value without a name and not ok.
func (f *fields) next() (name, value string, ok bool) {
	if f.pos >= len(f.text) {
		return "", "", true
	}
	end := f.lineEnd(f.pos)
	line := f.text[f.pos:end]
	if strings.TrimSpace(line) == "" {
		return "", "", true
	}
	colon := strings.IndexByte(line, ':')
	if colon < 0 || !validFieldName(line[:colon]) {
		return "", line, false
	}
	start := f.pos + colon + 1
	for end+1 < len(f.text) && (f.text[end+1] == ' ' || f.text[end+1] == '\t') {
		next := f.lineEnd(end + 1)
		if strings.TrimSpace(f.text[end+1:next]) == "" {
			break
		}
		end = next
	}
	f.pos = min(end+1, len(f.text))
	return line[:colon], strings.Trim(strings.TrimSuffix(f.text[start:end], "\r"), " \t"), true
}

// skipEmpty moves on to the next paragraph, or to the end of the text.
func (f *fields) skipEmpty() {
	for f.pos < len(f.text) {
		end := f.lineEnd(f.pos)
		if strings.TrimSpace(f.text[f.pos:end]) != "" {
			return
		}
		f.pos = min(end+1, len(f.text))
	}
}

func (f *fields) lineEnd(from int) int {
	if i := strings.IndexByte(f.text[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(f.text)
}

// control is what the resolver looks at in a package's paragraph. Its strings
// are parts of the index's text.
type control struct {
	name, version, architecture   string
	multiArch, priority, section  string
	source, filename, sha256      string
	size, installedSize           string
	status, provides              string
	relations                     [numKinds]string
	essential, important, present bool
}

// A kind is the field that a relation stands in. The order is the one in which
// apt reads the fields of a paragraph.
type kind uint8

const (
	preDepends kind = iota
	depends
	conflicts
	breaks
	recommends
	suggests
	replaces
	enhances
	numKinds
)

// String returns the name of the field.
func (k kind) String() string {
	return [...]string{
		"Pre-Depends", "Depends", "Conflicts", "Breaks", "Recommends", "Suggests", "Replaces", "Enhances", "",
	}[k]
}

// negative reports whether a relation of this kind forbids.
func (k kind) negative() bool { return k == conflicts || k == breaks }

// critical reports whether a package does not work when the relation is not
// fulfilled.
func (k kind) critical() bool { return k <= breaks }

// set takes one field of a paragraph. Names differ not by upper and lower case.
func (c *control) set(name, value string) {
	if full, to := c.slot(name); to != nil {
		if strings.EqualFold(name, full) {
			*to = value
		}
		return
	}
	switch {
	case strings.EqualFold(name, "Essential"):
		c.essential = c.essential || strings.EqualFold(value, "yes")
	case strings.EqualFold(name, "Important"), strings.EqualFold(name, "Protected"):
		c.important = c.important || strings.EqualFold(value, "yes")
	}
}

// slot returns the only field that the length and the first letter of a name
// leave, and where its value goes.
func (c *control) slot(name string) (full string, to *string) {
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
		return "Breaks", &c.relations[breaks]
	case key{7, 'p'}:
		return "Package", &c.name
	case key{7, 'v'}:
		return "Version", &c.version
	case key{7, 's'}:
		return "Section", &c.section
	case key{7, 'd'}:
		return "Depends", &c.relations[depends]
	case key{8, 'f'}:
		return "Filename", &c.filename
	case key{8, 's'}:
		return "Suggests", &c.relations[suggests]
	case key{8, 'r'}:
		return "Replaces", &c.relations[replaces]
	case key{8, 'e'}:
		return "Enhances", &c.relations[enhances]
	case key{8, 'p'}:
		if name[2]|0x20 == 'o' {
			return "Provides", &c.provides
		}
		return "Priority", &c.priority
	case key{9, 'c'}:
		return "Conflicts", &c.relations[conflicts]
	case key{10, 'm'}:
		return "Multi-Arch", &c.multiArch
	case key{10, 'r'}:
		return "Recommends", &c.relations[recommends]
	case key{11, 'p'}:
		return "Pre-Depends", &c.relations[preDepends]
	case key{12, 'a'}:
		return "Architecture", &c.architecture
	case key{14, 'i'}:
		return "Installed-Size", &c.installedSize
	}
	return "", nil
}

func (c *control) slotS6(name string) (full string, to *string) {
	switch name[1] | 0x20 {
	case 'h':
		return "SHA256", &c.sha256
	case 'o':
		return "Source", &c.source
	}
	return "Status", &c.status
}

// read takes the fields of the paragraph at f's position.
func (c *control) read(f *fields) (ok bool, bad string) {
	for {
		name, value, ok := f.next()
		if !ok {
			return false, value
		}
		if name == "" {
			return true, ""
		}
		c.present = true
		c.set(name, value)
	}
}

// sourceOf returns the name and the version of the source package, in the
// notation "name (version)" where they differ from the binary's.
func (c *control) sourceOf() (name, version string) {
	name, version = c.source, c.version
	if name == "" {
		return c.name, version
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

// priorityRank orders the priorities: required first; what is unknown is extra,
// what is missing comes before all, as in apt.
func (c *control) priorityRank() int {
	switch strings.ToLower(c.priority) {
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

// number reads a size, 0 when there is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
