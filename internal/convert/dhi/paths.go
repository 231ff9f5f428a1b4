// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"path"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
)

// busybox is an image whose program removes files and changes owners in images without
// such programs. Nothing of it ships.
const busybox = "busybox:1.37-musl"

// paths are entries of files, and layers that change what is there.
func (c *converter) paths(m *definition.Map) (entries []draft.Entry, after []draft.Layer) {
	var commands []string
	for _, p := range m.Maps("paths") {
		p.Lost("if", "an entry has no condition")
		if len(p.Texts("platforms")) == 1 {
			p.Doubt("platforms", "the entry is for all platforms")
		}
		dest := c.place(p)
		if p.Text("type") == "delete" {
			p.Text("uid")
			p.Text("gid")
			commands = append(commands, "rm -rf "+quoted(dest))
			continue
		}
		e, ok := c.path(p, dest)
		if !ok {
			continue
		}
		entries = append(entries, e)
		if p.Flag("recursive") {
			commands = append(commands, recursive(p, dest)...)
		}
	}
	if len(commands) > 0 {
		after = append(after, draft.Layer{Build: &draft.Build{
			Mounts: []draft.Mount{{Target: "/.busybox", From: busybox, Source: "/bin"}},
			Shell:  []string{"/.busybox/sh", "-e", "-c"}, User: "0:0", Workdir: "/",
			Run: "PATH=/.busybox\n" + strings.Join(commands, "\n") + "\n",
		}})
	}
	return entries, after
}

// place is the path of an entry, from the root.
func (c *converter) place(m *definition.Map) string {
	text := c.vars.text(m.Text("path"))
	switch {
	case text == "":
		m.Changed("path", "it is empty, so it is the root")
		return "/"
	case strings.HasPrefix(text, "/"), strings.HasPrefix(text, "$"):
		return text
	}
	return "/" + text
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

// recursive gives all that is below a directory its owner and mode.
func recursive(p *definition.Map, dest string) []string {
	out := []string{"chown -R " + number(p.Text("uid")) + ":" + number(p.Text("gid")) + " " + quoted(dest)}
	if mode := p.Text("mode"); mode != "" {
		out = append(out, "chmod -R "+quoted(mode)+" "+quoted(dest))
	}
	return out
}

func number(text string) string {
	if text == "" {
		return "0"
	}
	return quoted(text)
}

// quoted is a word of a script.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
