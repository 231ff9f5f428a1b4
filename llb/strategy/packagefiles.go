// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"path"
	"strings"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// packageFile is a package that the build file has as a file, or a pattern of them.
// Either copied or url says where it lies.
type packageFile struct {
	// name is what the lock calls it among the names that are asked for.
	name spec.String
	// copied is where it lies in a tree, and from what the lock calls the tree: nothing
	// when that is the build context.
	copied *plan.Copy
	from   string
	// url is where it is fetched from, and checksum what it must be, as sha256:…
	url, checksum string
}

// planFiles reads the files among a layer's names, and returns the other names, expanded.
func planFiles(ctx context.Context, t *Target, p *spec.Packages) (names []spec.String, files []*packageFile, err error) {
	for _, name := range p.Names {
		text, err := t.read.expand(name)
		if err != nil {
			return nil, nil, err
		}
		if !spec.IsPackageFile(text) {
			names = append(names, spec.String{Value: text, Pos: name.Pos})
			continue
		}
		f, err := planFile(ctx, t, &spec.PackageFile{Source: spec.String{Value: text, Pos: name.Pos}}, func(spec.String) (string, error) { return text, nil })
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
	}
	for i := range p.Files {
		f, err := planFile(ctx, t, &p.Files[i], t.read.expand)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
	}
	return names, files, nil
}

// planFile plans one file; expand gives its source's text.
func planFile(ctx context.Context, t *Target, f *spec.PackageFile, expand func(spec.String) (string, error)) (*packageFile, error) {
	if f.URL.IsSet() {
		sum, err := t.read.expand(f.Checksum)
		if err == nil && !strings.HasPrefix(sum, "sha256:") {
			err = t.read.errorf(f.Checksum.Pos, "%q is not a checksum of a package; want sha256:…", sum)
		}
		if err != nil {
			return nil, err
		}
		http, err := planHTTP(ctx, t, &spec.File{URL: f.URL, Checksum: f.Checksum})
		if err != nil {
			return nil, err
		}
		return &packageFile{name: spec.String{Value: http.URL, Pos: f.URL.Pos}, url: http.URL, checksum: http.Checksum}, nil
	}
	text, err := expand(f.Source)
	if err != nil {
		return nil, err
	}
	source, err := spec.CleanSource(text)
	if err != nil {
		return nil, t.read.errorf(f.Source.Pos, "%w", err)
	}
	out := &packageFile{copied: &plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: f.Source.Pos}, Path: path.Join("/", source), Pos: f.Source.Pos}}
	if f.From.IsSet() {
		if out.copied.From, _, err = t.use(ctx, f.From, t.image.Platform); err != nil {
			return nil, err
		}
		out.from = withoutDigest(pin(out.copied.From))
	}
	out.name = spec.String{Value: out.words(out.copied.Path), Pos: f.Source.Pos}
	return out, nil
}

// words name the file at a path of the tree, as the build file could.
func (f *packageFile) words(at string) string {
	if f.copied == nil {
		return f.url
	}
	if f.from == "" {
		return "." + at
	}
	return f.from + ":" + at
}

// asks reports whether a package of the lock is one of the files.
func (f *packageFile) asks(p lock.Package) bool {
	if f.copied == nil {
		return f.url == p.URL
	}
	if p.File == "" || f.from != p.From {
		return false
	}
	at := path.Join("/", p.File)
	matches, err := path.Match(f.copied.Path, at)
	return f.copied.Path == at || err == nil && matches
}

// of is the file of the build file that a package of the lock is; nil when it comes
// from a repository.
func (s *fileSet) of(p lock.Package) *packageFile {
	if !p.IsFile() {
		return nil
	}
	for _, f := range s.all {
		if f.asks(p) {
			return f
		}
	}
	return nil
}

// packages are the names of the packages that a file stands for in the lock.
func (f *packageFile) packages(locked *lock.Packages) []string {
	var out []string
	for _, list := range [][]lock.Package{locked.Packages, locked.Present} {
		for _, p := range list {
			if p.IsFile() && f.asks(p) {
				out = append(out, p.Name)
			}
		}
	}
	return out
}
