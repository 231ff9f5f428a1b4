// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package apko

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
)

// change is what a path is to have: numbers as text, empty for none, and a mode in octal.
type change struct{ uid, gid, mode string }

// paths are the entries of the first layer of files, and the layers after it.
func (c *converter) paths(top *definition.Map) (entries []draft.Entry, rest []draft.Layer) {
	var all definition.Paths
	for _, p := range top.Maps("paths") {
		c.path(p, &all)
	}
	return all.Layers()
}

// path is one thing that is done to a path.
func (c *converter) path(p *definition.Map, all *definition.Paths) {
	dest, source, kind := "/"+strings.Trim(p.Text("path"), "/"), p.Text("source"), p.Text("type")
	to := change{uid: p.Decimal("uid"), gid: p.Decimal("gid"), mode: mode(p, kind)}
	e := draft.Entry{Dest: text(dest), Owner: definition.Owner(to.uid, to.gid, c.users), Mode: to.mode}
	below := p.Flag("recursive") && (kind == "directory" || kind == "permissions")
	switch kind {
	case "directory":
		e.Directory = true
		all.Add(e)
	case "empty-file":
		e.Content = new(string)
		all.Add(e)
	case "symlink":
		e.Symlink, e.Mode = text(source), ""
		all.Add(e)
	case "hardlink":
		all.Run(dest, "ln -f "+definition.Quoted(source)+" "+definition.Quoted(dest))
		all.Run(dest, to.commands("", dest)...)
	case "permissions":
		if !below {
			all.Run(dest, to.commands("", dest)...)
		}
	default:
		p.Lost("type", "there is no counterpart of %q", kind)
	}
	if below {
		all.Run(dest, to.commands("-R ", dest)...)
	}
}

// mode is a mode in octal. YAML has it as a number, in whatever way that is written.
func mode(p *definition.Map, kind string) string {
	const most = 0o7777
	n, _ := p.Number("permissions")
	switch {
	case n > most:
		p.Lost("permissions", "0o%o is no mode", n)
		return ""
	case n == 0 && kind != "symlink":
		p.Changed("permissions", "there are none, which is the mode 0000 for apko, and here the usual one")
		return ""
	case n == 0:
		return ""
	}
	return fmt.Sprintf("%04o", n)
}

// commands give a path an owner and a mode.
func (c change) commands(flags, dest string) []string {
	var out []string
	if c.uid != "" || c.gid != "" {
		out = append(out, "chown "+flags+definition.Quoted(or(c.uid)+":"+or(c.gid))+" "+definition.Quoted(dest))
	}
	if c.mode != "" {
		out = append(out, "chmod "+flags+definition.Quoted(c.mode)+" "+definition.Quoted(dest))
	}
	return out
}

func or(number string) string {
	if number == "" {
		return "0"
	}
	return number
}
