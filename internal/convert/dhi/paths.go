// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"path"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
)

// paths are entries of files, and the layers after these.
func (c *converter) paths(m *definition.Map) (entries []draft.Entry, after []draft.Layer) {
	var all definition.Paths
	for _, p := range m.Maps("paths") {
		p.Lost("if", "an entry has no condition")
		if len(p.Texts("platforms")) == 1 {
			p.Doubt("platforms", "the entry is for all platforms")
		}
		dest := c.place(p)
		if p.Text("type") == "delete" {
			p.Text("uid")
			p.Text("gid")
			all.Run(dest, "rm -rf "+c.inScript(p))
			continue
		}
		e, ok := c.path(p, dest)
		if !ok {
			continue
		}
		all.Add(e)
		if p.Flag("recursive") {
			all.Run(dest, recursive(p, c.inScript(p))...)
		}
	}
	return all.Layers()
}

// inScript is the path of an entry as a word of a script.
func (c *converter) inScript(m *definition.Map) string {
	p := m.Text("path")
	if text, ok := c.vars.fixed(p); ok {
		return definition.Quoted("/" + strings.TrimPrefix(text, "/"))
	}
	return word("/" + strings.TrimPrefix(c.vars.script(p), "/"))
}

// place is the path of an entry, from the root.
func (c *converter) place(m *definition.Map) string {
	text := m.Text("path")
	if text == "" {
		m.Changed("path", "it is empty, so it is the root")
		return "/"
	}
	return c.absolute(text)
}

// absolute is a path from the root, which is where relative ones begin.
func (c *converter) absolute(p string) string {
	p = c.vars.text(p)
	if strings.HasPrefix(p, "/") || strings.HasPrefix(p, "$") {
		return p
	}
	return "/" + p
}

// path is the entry for a path.
func (c *converter) path(p *definition.Map, dest string) (draft.Entry, bool) {
	e := draft.Entry{Dest: dest, Owner: c.owner(p), Mode: p.Text("mode")}
	kind, source := p.Text("type"), p.Text("source")
	switch kind {
	case "symlink":
		e.Symlink = c.vars.text(source)
		if e.Mode != "" {
			p.Changed("mode", "a symbolic link has no mode")
			e.Mode = ""
		}
	case "directory":
		e.Dest = or(strings.TrimSuffix(dest, "/"), "/")
		if source != "" {
			e.Sources = []string{path.Clean(c.vars.text(source))}
		} else {
			e.Directory = true
		}
	case "file", "emptyfile":
		if source != "" {
			e.Sources = []string{path.Clean(c.vars.text(source))}
			break
		}
		text, expand := c.vars.content(p.Text("content"))
		e.Content, e.Expand = &text, expand
	default:
		p.Lost("type", "there is no counterpart of %q", kind)
		return e, false
	}
	return e, true
}

// recursive gives all that is below a directory, a word of a script, its owner and mode.
func recursive(p *definition.Map, word string) []string {
	out := []string{"chown -R " + number(p.Text("uid")) + ":" + number(p.Text("gid")) + " " + word}
	if mode := p.Text("mode"); mode != "" {
		out = append(out, "chmod -R "+definition.Quoted(mode)+" "+word)
	}
	return out
}

func number(text string) string {
	if text == "" {
		return "0"
	}
	return definition.Quoted(text)
}
