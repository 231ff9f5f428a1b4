// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// openFile is a package's file as it is now.
type openFile struct {
	*packageFile
	// path is where it lies in its tree.
	path string
	data []byte
}

// id is what messages call it.
func (o *openFile) id() string { return o.words(o.path) }

// fileSet are the package files of a target.
type fileSet struct {
	t   *Target
	all []*packageFile
	// open are those that lie in trees, once they were read.
	open []openFile
}

// read reads the package files that lie in trees, once.
func (s *fileSet) read(ctx context.Context) ([]openFile, error) {
	if s.open != nil {
		return s.open, nil
	}
	for _, f := range s.all {
		if f.copied == nil {
			continue
		}
		found, err := s.openTree(ctx, f)
		if err != nil {
			return nil, err
		}
		s.open = append(s.open, found...)
	}
	return s.open, nil
}

// openTree reads what a file that lies in a tree stands for. Nothing else of a context
// is sent for that.
func (s *fileSet) openTree(ctx context.Context, f *packageFile) ([]openFile, error) {
	looker, c := s.t.pass.req.Looker, f.copied
	if looker == nil {
		return nil, s.t.read.errorf(f.name.Pos, "read the package %s: nothing can be looked into here", f.name.Value)
	}
	name := strings.TrimPrefix(c.Path, "/")
	in, err := looker.Look(ctx, s.t.pass.plan, c.From, plan.Sent(name))
	if err != nil {
		return nil, s.fault(f, err)
	}
	switch data, err := in.ReadFile(ctx, c.Path); {
	case err == nil:
		return []openFile{{f, c.Path, data}}, nil
	case isDirectory(ctx, in, c.Path):
		return nil, s.t.read.errorf(f.name.Pos, "read the package %s: it is a directory; name the files in it, as %s/*", f.name.Value, strings.TrimSuffix(f.name.Value, "/"))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, s.fault(f, err)
	case !plan.IsPattern(c.Path):
		return nil, s.missing(ctx, f)
	}
	if _, err := path.Match(c.Path, ""); err != nil {
		return nil, s.t.read.errorf(f.name.Pos, "there is no file called %q in %s, and it isn't a pattern: %w", name, c.From.Words(), err)
	}
	matches, err := matching(ctx, in, c.Path)
	if err != nil {
		return nil, s.fault(f, err)
	}
	var out []openFile
	for _, at := range matches {
		data, err := in.ReadFile(ctx, at)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, s.fault(f, fmt.Errorf("%s: %w", at, err))
		}
		if err == nil {
			out = append(out, openFile{f, at, data})
		}
	}
	if len(out) == 0 {
		return nil, s.t.read.errorf(f.name.Pos, "there is no file called %q in %s, and nothing matches it as a pattern", name, c.From.Words())
	}
	return out, nil
}

// missing is the fault of a file that isn't there.
func (s *fileSet) missing(ctx context.Context, f *packageFile) error {
	fault := s.t.read.errorf(f.name.Pos, "there is no %q in %s", strings.TrimPrefix(f.copied.Path, "/"), f.copied.From.Words())
	if near := s.t.pass.req.Near; near != nil {
		return fault.WithHint(near(ctx, *f.copied))
	}
	return fault
}

// isDirectory reports whether a path is a directory that has something in it.
func isDirectory(ctx context.Context, in tree.Tree, at string) bool {
	names, err := in.ReadDir(ctx, at)
	return err == nil && len(names) > 0
}

// fault is why a file couldn't be read, at its line. What a line of the build file
// leads to is no fault of the line.
func (s *fileSet) fault(f *packageFile, err error) error {
	fault := s.t.read.errorf(f.name.Pos, "read the package %s: %w", f.name.Value, err)
	fault.External = true
	return fault
}

// matching are the paths of a tree that a pattern matches, sorted.
func matching(ctx context.Context, in tree.Tree, pattern string) ([]string, error) {
	found := []string{"/"}
	for part := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, dir := range found {
			if name, ok := plan.Unescaped(part); ok {
				next = append(next, path.Join(dir, name))
				continue
			}
			names, err := in.ReadDir(ctx, dir)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				if ok, err := path.Match(part, name); err == nil && ok {
					next = append(next, path.Join(dir, name))
				}
			}
		}
		found = next
	}
	slices.Sort(found)
	return found, nil
}

// toResolve are the package files with their content, those too that are fetched.
func (s *fileSet) toResolve(ctx context.Context) ([]distro.File, error) {
	open, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	var out []distro.File
	for _, o := range open {
		out = append(out, distro.File{Name: o.name.Value, ID: o.id(), Data: o.data})
	}
	var fetched []*packageFile
	var requests []fetch.Request
	for _, f := range s.all {
		if f.copied == nil {
			fetched = append(fetched, f)
			requests = append(requests, fetch.Request{URLs: []string{f.url}, Digest: digest.Digest(f.checksum), Name: "load " + path.Base(f.url)})
		}
	}
	if len(requests) == 0 {
		return out, nil
	}
	for i, answer := range s.t.pass.req.Fetch.Fetch(ctx, requests) {
		if answer.Err != nil {
			return nil, s.fault(fetched[i], answer.Err)
		}
		out = append(out, distro.File{Name: fetched[i].name.Value, ID: fetched[i].url, Data: answer.Data})
	}
	return out, nil
}

// compare says in what the package files differ from the lock; packages are asked for
// at start.
func (s *fileSet) compare(ctx context.Context, have *lock.Packages, start spec.Pos) error {
	open, err := s.read(ctx)
	if err != nil {
		return err
	}
	name := s.t.pass.req.Lock.Name
	locked := slices.DeleteFunc(slices.Concat(have.Packages, have.Present), func(p lock.Package) bool { return !p.IsFile() })
	known := map[string]string{}
	for _, p := range locked {
		known[p.Where()] = p.SHA256
	}
	is := map[string]bool{}
	for _, f := range s.all {
		if f.copied == nil {
			is[f.url] = true
			if known[f.url] != strings.TrimPrefix(f.checksum, "sha256:") {
				return s.t.stale(f.name.Pos, "%s has another checksum of %s", name, f.url)
			}
		}
	}
	for _, o := range open {
		is[o.id()] = true
		switch sum := digest.FromBytes(o.data).Encoded(); known[o.id()] {
		case sum:
		case "":
			return s.t.stale(o.name.Pos, "%s does not have %s", name, o.id())
		default:
			return s.t.stale(o.name.Pos, "%s has changed: its sha256 is %s, and %s has %s", o.id(), sum, name, known[o.id()])
		}
	}
	for _, p := range locked {
		if !is[p.Where()] {
			return s.t.stale(start, "%s still has the package %s of %s, which is not there", name, p.Name, p.Where())
		}
	}
	return nil
}
