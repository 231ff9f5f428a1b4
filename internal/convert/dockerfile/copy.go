// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// placing is a COPY or an ADD while it becomes entries.
type placing struct {
	s     *stage
	line  int
	base  draft.Entry // what all entries have
	dest  string      // absolute
	into  bool        // dest is a directory for what has a name of its own
	ours  bool        // the context is copied from
	built []draft.Entry
}

// copy is COPY.
func (s *stage) copy(c *instructions.CopyCommand) error {
	line := startLine(c.Location())
	comments := s.comments(c)
	if err := c.Expand(s.expander(line)); err != nil {
		return err
	}
	p := s.placing(&c.SourcesAndDest, c.Chown, c.Chmod, c.ExcludePatterns, line)
	if c.From != "" {
		if err := s.above(c.From, true); err != nil {
			return fmt.Errorf("COPY --from=%s: %w", c.From, err)
		}
		p.ours = false
		p.base.From = s.tree(c.From)
		if p.base.Owner == "" {
			p.base.Owner = s.copiedOwner(c.From, line)
		}
	}
	for i, source := range c.SourcePaths {
		if c.Parents {
			p.parents(source)
			continue
		}
		p.path(source, i == 0)
	}
	if err := p.contents(c.SourceContents); err != nil {
		return err
	}
	p.put(comments)
	return nil
}

// placing is what all sources of an instruction share.
func (s *stage) placing(to *instructions.SourcesAndDest, owner, mode string, exclude []string, line int) *placing {
	p := &placing{s: s, line: line, dest: s.absolute(to.DestPath, line), ours: true}
	p.base = draft.Entry{Owner: rootless(owner), Mode: octal(mode), Exclude: exclude}
	p.into = strings.HasSuffix(p.dest, "/") || len(to.SourcePaths)+len(to.SourceContents) > 1 || s.isDir(p.dest)
	return p
}

// rootless leaves out the owner that files have anyhow.
func rootless(owner string) string {
	switch owner {
	case "root:root", "0:0", "root", "0":
		return ""
	}
	return owner
}

// octal writes a mode as the build file does, with four digits.
func octal(mode string) string {
	if n, err := strconv.ParseUint(mode, 8, 16); err == nil {
		return "0" + strconv.FormatUint(n, 8)
	}
	return mode
}

// tree is what --from names.
func (s *stage) tree(from string) string {
	if other := s.find(from); other != nil {
		return "target:" + other.out.Name
	}
	return from
}

// copiedOwner is the owner of what another stage or an image gives: a COPY keeps it.
func (s *stage) copiedOwner(from string, line int) string {
	if s.c.opts.Faithful {
		return spec.KeepOwner
	}
	if other := s.find(from); other == nil || other.onlyRoot() {
		return ""
	}
	s.c.note(line, Doubt, "COPY --from=%s keeps the owners of what it copies, and so does owner: keep; leave it out if root:root is meant", from)
	return spec.KeepOwner
}

// put adds the entries.
func (p *placing) put(comments []string) {
	if len(p.built) == 0 {
		return
	}
	p.built[0].Comments = comments
	for _, e := range p.built {
		if touchesRepositories(e.Dest) {
			p.s.repositories = "the file " + e.Dest
		}
	}
	above := path.Dir(strings.TrimSuffix(p.dest, "/"))
	if p.base.Owner != "" && p.base.Owner != spec.KeepOwner && spec.Literal(p.dest) && !p.s.isDir(above) {
		p.s.c.note(p.line, Doubt, "directories above %s that aren't there belong to root:root, and with COPY to %s", p.dest, p.base.Owner)
	}
	dir := strings.TrimSuffix(p.dest, "/")
	if !p.into {
		dir = path.Dir(p.dest)
	}
	for ; dir != "" && dir != "/" && dir != "." && spec.Literal(dir); dir = path.Dir(dir) {
		p.s.dirs[dir] = true
	}
	p.s.put(p.built...)
}

// destination is dest, with a slash if it is a directory.
func (p *placing) destination(into bool) string {
	if into && !strings.HasSuffix(p.dest, "/") {
		return p.dest + "/"
	}
	return p.dest
}

// source is a path as the build file has it: in its tree.
func source(p string) string {
	clean := strings.TrimPrefix(path.Clean("/"+p), "/")
	if clean == "" {
		return "."
	}
	return clean
}

// path is a file, a directory or a pattern of the context or of another tree.
func (p *placing) path(from string, first bool) {
	name := source(from)
	if matches := p.flattened(name); matches != nil {
		for i, match := range matches {
			p.path(match, first && i == 0)
		}
		return
	}
	e := p.base
	e.Sources = []string{name}
	pattern := spec.HasGlob(name)
	renamed := pattern && p.renames(name)
	if renamed {
		p.s.c.note(p.line, Changed, "one file may match %s: it becomes %s, and several are an error, where COPY keeps the last", from, p.dest)
	}
	e.Dest = p.destination(p.into || pattern && !renamed)
	e.Optional = pattern && !renamed && !p.matches(name)
	if n := len(p.built); !first && n > 0 && p.isFile(name) && p.listable(&p.built[n-1]) {
		p.built[n-1].Sources = append(p.built[n-1].Sources, name)
		return
	}
	p.built = append(p.built, e)
}

// flattened is what a pattern matches if directories are among it: COPY takes what is in
// them, and a build file's pattern takes them with their names.
func (p *placing) flattened(pattern string) []string {
	if !spec.HasGlob(pattern) {
		return nil
	}
	matches := p.matching(pattern)
	dirs := slices.ContainsFunc(matches, p.isDir)
	switch {
	case dirs && !p.ignores() && !slices.ContainsFunc(matches, isPattern):
		p.into = true
		return matches
	case dirs || !p.ours && mayBeDirectories(pattern):
		p.s.c.note(p.line, Doubt, "directories that match %s keep their names; COPY takes what is in them", pattern)
	}
	return nil
}

// ignores reports whether not all of the context may be there when it is built.
func (p *placing) ignores() bool {
	_, err := fs.Stat(p.s.c.opts.Context, ".dockerignore")
	return err == nil
}

// isPattern reports whether a name would be taken for a pattern.
func isPattern(name string) bool { return strings.ContainsAny(name, `*?[\`) }

// mayBeDirectories reports whether a pattern isn't one of files of one kind.
func mayBeDirectories(pattern string) bool {
	ext := path.Ext(pattern)
	return ext == "" || spec.HasGlob(ext)
}

// isDir reports whether a path of the context is a directory.
func (p *placing) isDir(name string) bool {
	info, err := fs.Stat(p.s.c.opts.Context, name)
	return err == nil && info.IsDir()
}

// listable reports whether an entry can have another source: all of a list go by their
// own names, so none may be a directory.
func (p *placing) listable(e *draft.Entry) bool {
	for _, name := range e.Sources {
		if !p.isFile(name) {
			return false
		}
	}
	return !e.Extract && !e.Optional && e.Content == nil && len(e.Sources) > 0
}

// isFile reports whether a source is a file for certain, and no directory.
func (p *placing) isFile(name string) bool {
	if !p.ours || !spec.Literal(name) {
		return false
	}
	if spec.HasGlob(name) {
		return p.globFiles(name)
	}
	if p.s.c.opts.Context == nil {
		return false
	}
	info, err := fs.Stat(p.s.c.opts.Context, name)
	return err == nil && info.Mode().IsRegular()
}

// matches reports whether a pattern is known to have something to take: COPY needs
// nothing.
func (p *placing) matches(pattern string) bool { return len(p.matching(pattern)) > 0 }

// matching are the files of the context that a pattern matches; none where it is another
// tree's.
func (p *placing) matching(pattern string) []string {
	if !p.ours || p.s.c.opts.Context == nil {
		return nil
	}
	names, err := fs.Glob(p.s.c.opts.Context, pattern)
	if err != nil {
		return nil
	}
	return names
}

// renames reports whether a pattern stands for one file, which gets the destination's name:
// that has no slash at its end, and is the name of a file of the same kind.
func (p *placing) renames(pattern string) bool {
	ext := path.Ext(p.dest)
	return !p.into && ext != "" && ext == path.Ext(pattern) && !spec.HasGlob(ext) && len(p.matching(pattern)) < 2
}

func (p *placing) globFiles(pattern string) bool {
	names := p.matching(pattern)
	if len(names) == 0 {
		return false
	}
	for _, name := range names {
		if info, err := fs.Stat(p.s.c.opts.Context, name); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// parents is a source of COPY --parents, whose directories are made, too. A /./ in it
// says where they begin.
func (p *placing) parents(from string) {
	e := p.base
	e.Dest = p.destination(true)
	root, pattern, ok := strings.Cut(from, "/./")
	if !ok {
		root, pattern = ".", from
	}
	e.Sources = []string{source(root)}
	e.Include = []string{source(pattern)}
	p.built = append(p.built, e)
}

// contents are here-documents.
func (p *placing) contents(all []instructions.SourceContent) error {
	for _, c := range all {
		e := p.base
		e.Exclude = nil
		e.Dest = p.dest
		if p.into {
			e.Dest = path.Join(p.dest, c.Path)
		}
		text := c.Data
		if c.Expand {
			v, doubts, err := p.s.vars.expandContent(c.Data)
			if err != nil {
				return err
			}
			p.s.c.doubt(p.line, doubts)
			if static, ok := v.static(); ok {
				text = static
			} else {
				text, e.Expand = v.text(), true
			}
		}
		e.Content = &text
		if e.Mode == "0644" {
			e.Mode = ""
		}
		p.built = append(p.built, e)
	}
	return nil
}
