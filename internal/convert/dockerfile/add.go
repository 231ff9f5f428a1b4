// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"archive/tar"
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/llb/spec"
)

// add is ADD: paths, archives, addresses and repositories.
func (s *stage) add(c *instructions.AddCommand) error {
	line := startLine(c.Location())
	comments := s.comments(c)
	if err := c.Expand(s.expander(line)); err != nil {
		return err
	}
	p := s.placing(&c.SourcesAndDest, c.Chown, c.Chmod, c.ExcludePatterns, line)
	for i, source := range c.SourcePaths {
		ref, isGit, err := dfgitutil.ParseGitRef(source)
		switch {
		case err != nil && isGit:
			return err
		case err == nil && !ref.IndistinguishableFromLocal:
			if err := p.git(source, ref, c); err != nil {
				return err
			}
		case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
			p.url(source, c)
		case p.isArchive(source, c):
			e := p.base
			e.Sources, e.Extract, e.Dest = []string{sourcePath(source)}, true, p.destination(true)
			p.built = append(p.built, e)
		default:
			p.path(source, i == 0)
		}
	}
	if err := p.contents(c.SourceContents); err != nil {
		return err
	}
	p.put(comments)
	return nil
}

func sourcePath(p string) string { return source(p) }

// url is a file of a server, which ADD gives to its owner alone.
func (p *placing) url(address string, c *instructions.AddCommand) {
	e := p.base
	e.URL, e.Checksum, e.Dest, e.Exclude = address, c.Checksum, p.dest, nil
	if p.into {
		e.Dest = p.destination(true)
	}
	if c.Unpack != nil && *c.Unpack {
		e.Extract, e.Dest = true, p.destination(true)
		p.built = append(p.built, e)
		return
	}
	if u, err := url.Parse(address); p.into && (err != nil || path.Base(u.Path) == "." || path.Base(u.Path) == "/") {
		e.Dest = path.Join(p.dest, "__unnamed__")
	}
	switch e.Mode {
	case "":
		e.Mode = "0600"
	case "0644":
		e.Mode = ""
	}
	p.built = append(p.built, e)
}

// git is a repository. What a flag says stands in the address.
func (p *placing) git(source string, ref *dfgitutil.GitRef, c *instructions.AddCommand) error {
	e := p.base
	e.Git, e.Dest = source, p.dest
	query := url.Values{}
	if c.KeepGitDir != nil && *c.KeepGitDir && ref.KeepGitDir == nil {
		query.Set("keep-git-dir", "true")
	}
	if c.Checksum != "" && ref.Checksum == "" {
		query.Set("checksum", c.Checksum)
	}
	if len(query) > 0 {
		if ref.Ref != "" {
			query.Set("ref", ref.Ref)
		}
		if ref.SubDir != "" {
			query.Set("subdir", ref.SubDir)
		}
		base, _, _ := strings.Cut(source, "#")
		if strings.Contains(base, "?") {
			return fmt.Errorf("ADD %s: a flag and a query say both how the repository is fetched; say all of it in the query", source)
		}
		e.Git = base + "?" + strings.ReplaceAll(query.Encode(), "%2F", "/")
		if _, _, err := dfgitutil.ParseGitRef(e.Git); err != nil {
			return fmt.Errorf("ADD %s: %w", source, err)
		}
	}
	p.built = append(p.built, e)
	return nil
}

// isArchive reports whether ADD unpacks a file of the context. By its bytes, if they are
// at hand, or else by its name.
func (p *placing) isArchive(from string, c *instructions.AddCommand) bool {
	if c.Unpack != nil {
		return *c.Unpack
	}
	name := source(from)
	if yes, known := p.sniff(name); known {
		return yes
	}
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// sniff looks at a file's first bytes.
func (p *placing) sniff(name string) (archive, known bool) {
	if p.s.c.opts.Context == nil || !spec.Literal(name) || spec.HasGlob(name) {
		return false, false
	}
	info, err := fs.Stat(p.s.c.opts.Context, name)
	if err != nil || !info.Mode().IsRegular() {
		return false, err == nil
	}
	f, err := p.s.c.opts.Context.Open(name)
	if err != nil {
		return false, false
	}
	defer f.Close()
	return isTar(f), true
}

// isTar reports whether a file begins as an archive of tar, packed or not: ADD takes a
// file that is packed alone as it is.
func isTar(f io.Reader) bool {
	b := bufio.NewReader(f)
	start, err := b.Peek(6)
	if err != nil {
		return false
	}
	z, err := compress.Reader(b, compress.Detect(start))
	if err != nil {
		return false
	}
	defer z.Close()
	const most = 8 << 20 // for what stands before the first name
	_, err = tar.NewReader(io.LimitReader(z, most)).Next()
	return err == nil
}
