// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
)

// Print writes the result for a person: a line for each thing that differs,
// "-" for what only A has, "+" for what only B has, "~" for what changed.
func (r *Result) Print(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, p := range r.Platforms {
		p.print(b)
	}
	return b.Flush()
}

func (p Platform) print(w io.Writer) {
	switch {
	case p.Only != "":
		sign, digest := "-", p.Digests[0]
		if p.Only == "b" {
			sign, digest = "+", p.Digests[1]
		}
		fmt.Fprintf(w, "%s %s %s\n", sign, printable.Line(p.Platform), digest)
		return
	case p.Equal():
		fmt.Fprintf(w, "%s: equal\n", printable.Line(p.Platform))
		return
	}
	fmt.Fprintf(w, "%s: differs\n", printable.Line(p.Platform))
	printValues(w, "manifest", p.Manifest)
	printValues(w, "config", p.Config)
	printLayers(w, p.Layers)
	if len(p.Files) > 0 {
		fmt.Fprintln(w, "  files")
	}
	for _, f := range p.Files {
		fmt.Fprintf(w, "    %s\n", printable.Line(f.line()))
	}
}

func printValues(w io.Writer, title string, values []Value) {
	if len(values) > 0 {
		fmt.Fprintf(w, "  %s\n", title)
	}
	for _, v := range values {
		switch {
		case v.A == nil:
			fmt.Fprintf(w, "    + %s: %s\n", printable.Line(v.Path), compact(v.B))
		case v.B == nil:
			fmt.Fprintf(w, "    - %s: %s\n", printable.Line(v.Path), compact(v.A))
		default:
			fmt.Fprintf(w, "    ~ %s: %s -> %s\n", printable.Line(v.Path), compact(v.A), compact(v.B))
		}
	}
}

// compact is a value as JSON, with nothing escaped that need not be.
func compact(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return printable.Line(fmt.Sprint(v))
	}
	return printable.Line(strings.TrimSuffix(b.String(), "\n"))
}

func printLayers(w io.Writer, layers []Layer) {
	equal, packed := 0, map[string]int{}
	for _, l := range layers {
		if l.Only == "" {
			equal++
		}
		packed[l.DiffID]++
	}
	if equal == len(layers) {
		return
	}
	fmt.Fprintln(w, "  layers")
	if equal > 0 {
		fmt.Fprintf(w, "    = %d equal\n", equal)
	}
	for _, l := range layers {
		if l.Only == "" {
			continue
		}
		sign, note := "-", ""
		if l.Only == "b" {
			sign = "+"
		}
		if packed[l.DiffID] > 1 {
			note = " (the same archive, packed differently)"
		}
		fmt.Fprintf(w, "    %s %s%s\n", sign, l.Digest, note)
	}
}

// line describes what happened to a file. A path that a terminal would not show
// as it is is quoted.
func (f File) line() string {
	path := f.Path
	if quoted := fmt.Sprintf("%q", path); quoted != `"`+path+`"` {
		path = quoted
	}
	switch f.Change {
	case "added":
		return "+ " + path + f.B.words()
	case "removed":
		return "- " + path + f.A.words()
	}
	var words []string
	for _, aspect := range f.Aspects {
		words = append(words, f.change(aspect))
	}
	return "~ " + path + ": " + strings.Join(words, ", ")
}

func (s *State) words() string {
	out := fmt.Sprintf(" (%s %s %d:%d", s.Type, s.Mode, s.UID, s.GID)
	if s.Type == "file" {
		out += ", " + spell.Count(int(s.Size), "byte")
	}
	if s.Link != "" {
		out += " -> " + s.Link
	}
	return out + ")"
}

func (f File) change(aspect string) string {
	a, b := f.A, f.B
	switch aspect {
	case aspectType:
		return fmt.Sprintf("%s -> %s", a.Type, b.Type)
	case aspectContent:
		if a.Size != b.Size {
			return fmt.Sprintf("content %d -> %s", a.Size, spell.Count(int(b.Size), "byte"))
		}
		return "content"
	case aspectMode:
		return fmt.Sprintf("mode %s -> %s", a.Mode, b.Mode)
	case aspectOwner:
		return fmt.Sprintf("owner %d:%d -> %d:%d", a.UID, a.GID, b.UID, b.GID)
	case aspectLink:
		return fmt.Sprintf("link %q -> %q", a.Link+a.HardLink, b.Link+b.HardLink)
	case aspectXattr:
		return "xattr " + strings.Join(changedXattrs(a.Xattrs, b.Xattrs), " ")
	case aspectTime:
		return fmt.Sprintf("time %s -> %s", a.Time.Format(time.RFC3339Nano), b.Time.Format(time.RFC3339Nano))
	}
	return aspect
}

// changedXattrs are the names of the attributes that differ.
func changedXattrs(a, b map[string]string) []string {
	names := map[string]bool{}
	for _, side := range []map[string]string{a, b} {
		for name := range side {
			if av, inA := a[name]; inA {
				if bv, inB := b[name]; inB && av == bv {
					continue
				}
			}
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
