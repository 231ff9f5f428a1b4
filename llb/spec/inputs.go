// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import "fmt"

// sourcesKind is a source of a build, or a list of them.
func sourcesKind() kind[[]Source] {
	one := sourceKind()
	all := filled(one)
	return kind[[]Source]{schema: when(likeList().schema, all.schema, one.schema), read: func(c cursor) ([]Source, bool) {
		if c.isList() {
			sources, ok := all.read(c)
			for i := range sources {
				sources[i].Listed = true
			}
			return sources, ok
		}
		source, ok := one.read(c)
		return []Source{source}, ok
	}}
}

func sourceKind() kind[Source] {
	path := inTree()
	long := object[Source]{
		want: "a string, a list or a map",
		span: func(s *Source) *Range { return &s.Range },
		keys: []key[Source]{
			bind("path", "A path or a pattern in the context, or in from; all of it when left out.", path,
				func(s *Source) *String { return &s.Path }),
			bind("from", "Where path is: target:NAME, context:NAME, dockerfile:PATH#STAGE or a reference; the context when left out.", text(checkFrom),
				func(s *Source) *String { return &s.From }),
			bind("include", "Patterns of what to take.", list(text(checkLine)),
				func(s *Source) *[]String { return &s.Include }),
			bind("exclude", "Patterns of what not to take.", list(text(checkLine)),
				func(s *Source) *[]String { return &s.Exclude }),
			bind("dest", "Where the command finds it, relative to its working directory; a trailing slash means into this directory.", text(checkInStep),
				func(s *Source) *String { return &s.Dest }),
		},
	}
	return or(long.kind(), path, likeText(), func(c cursor, path String) Source {
		return Source{Range: c.span, Path: path}
	})
}

// checkInStep accepts a path that is absolute or below the working directory.
func checkInStep(p string) error {
	if len(p) > 0 && p[0] == '/' {
		return checkAbsolute(p)
	}
	_, err := CleanSource(p)
	return err
}

func outputKind() kind[Output] {
	path := absolute()
	long := object[Output]{
		want:  "a string or a map",
		span:  func(o *Output) *Range { return &o.Range },
		check: checkOutput,
		keys: []key[Output]{
			oneOrList("source", "A path or a pattern in the step; a list of them puts each into dest under its own name.", path,
				func(o *Output) *String { return &o.Source }, func(o *Output) *[]String { return &o.Sources }).must(),
			bind("dest", "The path in the image, the same one when left out; a trailing slash means into this directory.", absolute(),
				func(o *Output) *String { return &o.Dest }),
			bind("include", "Patterns of what ships.", list(text(checkLine)),
				func(o *Output) *[]String { return &o.Include }),
			bind("exclude", "Patterns of what doesn't ship.", list(text(checkLine)),
				func(o *Output) *[]String { return &o.Exclude }),
			bind("owner", "The owner: user, user:group or :group; keep leaves owners as they are in the step.", ownership(),
				func(o *Output) *String { return &o.Owner }),
			bind("mode", "The file mode, octal, or a change of it such as u+x,go-w.", modeOrChange(),
				func(o *Output) *String { return &o.Mode }),
		},
	}
	return or(long.kind(), path, likeText(), func(c cursor, path String) Output {
		return Output{Range: c.span, Source: path}
	})
}

// checkOutput wants a directory for several sources.
func checkOutput(c cursor, o *Output) {
	if len(o.Sources) == 0 || !o.Dest.literal() {
		return
	}
	for _, dest := range o.Dest.choices() {
		if _, where := c.lookup("dest"); dest.Value != "" && !namesDir(dest.Value) {
			c.faultAt(where, fmt.Sprintf("write %q", dest.Value+"/"), "a list of sources needs a directory as dest")
			return
		}
	}
}

// outKey is whether only $out ships, or the directories that are made in it.
func outKey() key[Build] {
	truth, dirs := boolean(), filled(absolute())
	return key[Build]{
		name:   "out",
		doc:    "Whether only what the command leaves in $out ships; a list of directories makes them in $out.",
		schema: when(likeList().schema, dirs.schema, truth.schema),
		read: func(c cursor, b *Build) {
			if c.isList() {
				b.OutDirs, _ = dirs.read(c)
				b.Out = new(true)
				return
			}
			if out, ok := truth.read(c); ok {
				b.Out = &out
			}
		},
	}
}
