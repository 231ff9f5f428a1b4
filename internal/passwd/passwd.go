// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package passwd reads and changes the files that list the users and groups of a
// root: passwd and group, and shadow and gshadow, which hold passwords. It knows
// nothing of where they are.
package passwd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// File is one of the files: an entry a line, with colons between its fields. What
// isn't an entry stays as it is.
type File struct{ entries [][]string }

// Parse reads a file.
func Parse(text []byte) *File {
	f := &File{}
	for line := range strings.Lines(string(text)) {
		f.entries = append(f.entries, strings.Split(strings.TrimSuffix(line, "\n"), ":"))
	}
	return f
}

// Bytes is the file's text.
func (f *File) Bytes() []byte {
	var b []byte
	for _, e := range f.entries {
		b = append(append(b, strings.Join(e, ":")...), '\n')
	}
	return b
}

// Named is the first entry of a name; nil if there is none.
func (f *File) Named(name string) []string { return f.first(0, name) }

// Numbered is the first entry of a number, in passwd or group; nil if there is none.
func (f *File) Numbered(id int) []string { return f.first(2, strconv.Itoa(id)) }

// first is the first entry with a value in one of the three fields that all have.
func (f *File) first(field int, value string) []string {
	i := slices.IndexFunc(f.entries, func(e []string) bool { return len(e) > 2 && e[field] == value })
	if i < 0 {
		return nil
	}
	return f.entries[i]
}

// Add adds an entry. None of its fields can have a colon or a line break.
func (f *File) Add(fields ...string) error {
	for _, field := range fields {
		if strings.ContainsAny(field, ":\n") {
			return fmt.Errorf("%q can't be in an entry", field)
		}
	}
	f.entries = append(f.entries, fields)
	return nil
}

// AddMember makes a user a member of a group, in group or gshadow. It reports whether
// the file has the group.
func (f *File) AddMember(group, user string) bool {
	e := f.Named(group)
	if len(e) < 4 {
		return false
	}
	members := strings.FieldsFunc(e[3], func(r rune) bool { return r == ',' })
	if !slices.Contains(members, user) {
		members = append(members, user)
	}
	e[3] = strings.Join(members, ",")
	return true
}

// Hide moves the passwords of passwd or group to shadow or gshadow, where each entry
// has more fields after them. Those that are there already stay.
func (f *File) Hide(in *File, more func(entry []string) []string) error {
	hidden := map[string]bool{}
	for _, e := range in.entries {
		hidden[e[0]] = hidden[e[0]] || len(e) > 2
	}
	for _, e := range f.entries {
		if len(e) < 3 || e[1] == "x" && hidden[e[0]] {
			continue
		}
		if err := in.Add(append([]string{e[0], e[1]}, more(e)...)...); err != nil {
			return err
		}
		e[1], hidden[e[0]] = "x", true
	}
	return nil
}
