// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
)

// Paths are entries of files, and commands that change what is there. A definition has
// them in one list, whose order counts where they meet: a directory that is made after
// all above it was given an owner has its own.
type Paths struct {
	// first are the entries before the first command that counts for a later one.
	first []draft.Entry
	// rest are the layers after these.
	rest []draft.Layer
	// entries and commands are those of which it is still open where they stand; the
	// commands come last, and change is what they change.
	entries  []draft.Entry
	commands []string
	change   []string
}

// Add adds an entry, after the commands so far that would change it.
func (p *Paths) Add(e draft.Entry) {
	if slices.ContainsFunc(p.change, func(dir string) bool { return within(e.Dest, dir) || within(dir, e.Dest) }) {
		p.settle()
	}
	p.entries = append(p.entries, e)
}

// Run adds commands that change a path, or all that is below it.
func (p *Paths) Run(path string, commands ...string) {
	p.commands, p.change = append(p.commands, commands...), append(p.change, path)
}

// Layers are the entries of the first layer of files, and the layers that come after it.
func (p *Paths) Layers() (first []draft.Entry, rest []draft.Layer) {
	p.settle()
	return p.first, p.rest
}

// settle makes layers of what is there: what is added now comes after it.
func (p *Paths) settle() {
	switch {
	case len(p.rest) == 0:
		p.first = append(p.first, p.entries...)
	case len(p.entries) > 0:
		p.rest = append(p.rest, draft.Layer{Files: p.entries})
	}
	if len(p.commands) > 0 {
		p.rest = append(p.rest, Busybox(p.commands))
	}
	p.entries, p.commands, p.change = nil, nil, nil
}

// within reports whether a path is a directory or lies in it.
func within(path, dir string) bool {
	path, dir = strings.TrimSuffix(path, "/"), strings.TrimSuffix(dir, "/")
	return path == dir || strings.HasPrefix(path, dir+"/")
}
