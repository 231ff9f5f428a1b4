// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// peeled is what a stage does last: a command with the sources that are copied for it.
type peeled struct {
	build    *draft.Build
	comments []string
	// left are the layers before it.
	left []draft.Layer
	// sourced says that files were copied between the command and what was taken last.
	sourced bool
}

// peel takes the last command of a stage, with the ones before it that need no layer of
// their own, and the files that are copied for them; nil where that can't be done.
func (s *stage) peel() *peeled {
	if s.user != "" && !isRoot(s.user) {
		return nil // whose sources would be the user's, and not root's
	}
	p := &peeled{left: slices.Clone(s.out.Layers)}
	for len(p.left) > 0 {
		l := &p.left[len(p.left)-1]
		switch {
		case l.Build != nil:
			if !p.command(l) {
				return p.done()
			}
		case l.Files != nil && p.build != nil:
			if rest := s.sourcesOf(p, l.Files); len(rest) > 0 {
				l.Files = rest
				return p.done()
			}
		case l.Packages != nil && p.build != nil && p.filesAbove():
			continue
		default:
			return p.done()
		}
		p.left = p.left[:len(p.left)-1]
	}
	return p.done()
}

// filesAbove puts a layer of packages below the files before it, and reports whether it
// can: packages have nothing where those go, and don't wait for files.
func (p *peeled) filesAbove() bool {
	n := len(p.left)
	if n < 2 || p.left[n-2].Files == nil || slices.ContainsFunc(p.left[n-2].Files, func(e draft.Entry) bool { return isStandard(path.Clean(e.Dest)) }) {
		return false
	}
	p.left[n-2], p.left[n-1] = p.left[n-1], p.left[n-2]
	return true
}

// done is what was taken, with what is mounted of the context in the working directory
// as sources.
func (p *peeled) done() *peeled {
	if p.build == nil {
		return nil
	}
	b := p.build
	mounted := len(b.Mounts) > 0 && b.Workdir != "" && len(b.Sources) == 0 && !slices.ContainsFunc(p.left, func(l draft.Layer) bool { return l.Files != nil })
	for _, m := range b.Mounts {
		mounted = mounted && m.From == "" && !m.Writable && within(m.Target, b.Workdir)
	}
	if mounted {
		for _, m := range b.Mounts {
			from := m.Source
			if from == "" {
				from = "."
			}
			b.Sources = append(b.Sources, sourceAt(from, m.Target, b.Workdir, false))
		}
		b.Mounts = nil
	}
	if len(b.Sources) > 1 {
		b.Sources = withoutCoveredSources(b.Sources)
	}
	b.Sources = writtenSources(b.Sources)
	if b.Workdir == "/src" && len(b.Sources) > 0 {
		b.Workdir = ""
	}
	return p
}

// command takes a command in place before what was taken.
func (p *peeled) command(l *draft.Layer) bool {
	b := l.Build
	if b.From != "" || b.NoOut || b.NoErrexit || len(b.Outputs) > 0 {
		return false
	}
	if slices.Contains(spec.Mentioned(b.Run), "out") || slices.ContainsFunc(b.Argv, func(a string) bool { return slices.Contains(spec.Mentioned(a), "out") }) {
		return false
	}
	if p.build == nil {
		own := *b
		own.Cache, own.Mounts = slices.Clone(b.Cache), slices.Clone(b.Mounts)
		p.build, p.comments = &own, slices.Clone(l.Comments)
		return true
	}
	if p.sourced || !joinable(b, p.build) {
		return false
	}
	run := strings.TrimSuffix(b.Run, "\n") + "\n"
	for _, c := range p.comments {
		run += strings.TrimRight("# "+c, " ") + "\n"
	}
	p.comments = slices.Clone(l.Comments)
	p.build.Run = run + strings.TrimSuffix(p.build.Run, "\n") + "\n"
	for _, c := range b.Cache {
		if !slices.Contains(p.build.Cache, c) {
			p.build.Cache = append(p.build.Cache, c)
		}
	}
	return true
}

// joinable reports whether a script can run before another one in one step as it does in
// a step of its own.
func joinable(b, next *draft.Build) bool {
	if b.Argv != nil || next.Argv != nil || strings.HasPrefix(b.Run, "#!") || strings.HasPrefix(next.Run, "#!") || strings.Contains(b.Run, "<<") {
		return false
	}
	if b.Args != nil || next.Args != nil || len(b.Mounts)+len(next.Mounts) > 0 {
		return false
	}
	x, y := *b, *next
	for _, one := range []*draft.Build{&x, &y} {
		one.Run, one.Cache, one.Sources = "", nil, nil
	}
	if !reflect.DeepEqual(x, y) || namesCacheOf(b, next) || namesCacheOf(next, b) {
		return false
	}
	f, err := parse(b.Run)
	if err != nil {
		return false
	}
	for _, st := range f.Stmts {
		if leavesState(step{stmt: st}) {
			return false
		}
	}
	return !slices.ContainsFunc(commandLines(b.Run), func(line string) bool { return strings.HasPrefix(line, "set ") })
}

// namesCacheOf reports whether a script names the directory of a cache that only another
// command has.
func namesCacheOf(b, other *draft.Build) bool {
	return slices.ContainsFunc(other.Cache, func(c draft.Cache) bool {
		return strings.Contains(c.Target, "/") && !slices.Contains(b.Cache, c) && strings.Contains(b.Run, strings.TrimSuffix(c.Target, "/"))
	})
}

// sourcesOf takes files that are copied from the end, and gives those that stay.
func (s *stage) sourcesOf(p *peeled, files []draft.Entry) []draft.Entry {
	b := p.build
	n := len(files)
	for ; n > 0; n-- {
		e := &files[n-1]
		if e.Directory && e.Mode == "" && e.Owner == "" && b.Workdir != "" && within(b.Workdir, e.Dest) {
			p.comments = append(slices.Clone(e.Comments), p.comments...)
			continue // the command makes it
		}
		if b.Workdir == "" || e.Mode != "" || e.Owner != "" && e.Owner != spec.KeepOwner || len(e.Sources) == 0 || e.Extract || e.Changed || e.Platform != "" {
			break
		}
		var taken []draft.Source
		for _, from := range e.Sources {
			one := s.sourceOf(e, from, b.Workdir)
			if one == nil {
				break
			}
			taken = append(taken, *one)
		}
		if len(taken) < len(e.Sources) {
			break
		}
		b.Sources = append(taken, b.Sources...)
		p.comments = append(slices.Clone(e.Comments), p.comments...)
		p.sourced = true
	}
	return files[:n]
}

// sourceOf is a source that is copied, as a command finds it; nil if that can't be said.
func (s *stage) sourceOf(e *draft.Entry, from, workdir string) *draft.Source {
	if e.Optional {
		if len(e.Include)+len(e.Exclude) > 0 || e.From != "" || path.Clean(e.Dest) != workdir || strings.Contains(from, "/") {
			return nil
		}
		return &draft.Source{Path: ".", Include: []string{from}}
	}
	one := sourceAt(from, e.Dest, workdir, s.surelyFile(e, from))
	one.From, one.Include, one.Exclude = e.From, e.Include, e.Exclude
	return &one
}

// sourceAt is a path that is found at a place of the step: by its own name in the working
// directory, or else where a dest says.
func sourceAt(from, dest, workdir string, file bool) draft.Source {
	one := draft.Source{Path: from}
	into := strings.HasSuffix(dest, "/")
	dest = path.Clean(dest)
	switch {
	case from == "." && dest == workdir:
	case dest == path.Join(workdir, path.Base(from)) && from != "." && (!into || !file):
		if into && !spec.HasGlob(from) || !into {
			break // under its own name, whether it is a file or the contents of a directory
		}
		one.Dest = inWorkdir(dest, workdir) + "/"
	case dest == workdir && into && (file || spec.HasGlob(from)):
	case dest == workdir:
		one.Dest = "./"
	default:
		one.Dest = inWorkdir(dest, workdir)
		if into {
			one.Dest += "/"
		}
	}
	return one
}

// inWorkdir is a path as it is written in a working directory.
func inWorkdir(p, workdir string) string {
	if rest, ok := strings.CutPrefix(p, strings.TrimSuffix(workdir, "/")+"/"); ok {
		return rest
	}
	return p
}

// surelyFile reports whether a source is a file: the context says so, or it is named as
// lists of what is needed are.
func (s *stage) surelyFile(e *draft.Entry, from string) bool {
	p := placing{s: s, ours: e.From == ""}
	return p.isFile(from) || e.From == "" && manifest(path.Base(from))
}
