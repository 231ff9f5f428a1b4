// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/spell"
)

// compressions are those of package lists, the one that is read fastest first.
func compressions() []string { return []string{".gz", ".xz", ".zst", ".bz2", ""} }

// listsOf are the package lists of archives for the architecture.
func (l *loader) listsOf(ctx context.Context, archives []*archive) ([]*packageList, error) {
	var out []*packageList
	for _, a := range archives {
		found, err := l.lists(a)
		if a.release == nil || len(a.release.Files) == 0 {
			found, err = l.guess(ctx, a)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// lists are the package lists that an archive's Release has for the architecture.
func (l *loader) lists(a *archive) ([]*packageList, error) {
	if a.release == nil {
		return nil, nil
	}
	if strings.HasSuffix(a.suite, "/") {
		list, err := a.list("", "Packages")
		if err != nil {
			return nil, fmt.Errorf("archive %s: its Release file has no Packages: %w", a.id, err)
		}
		return []*packageList{list}, nil
	}
	var out []*packageList
	var first error
	for _, component := range a.components {
		for _, arch := range l.architecturesOf(a) {
			found, skip, err := l.listsOfComponent(a, component, arch)
			if err != nil {
				return nil, fmt.Errorf("archive %s: %w", a.id, err)
			}
			if skip != nil {
				a.skipped = append(a.skipped, skip.Error())
				if first == nil {
					first = fmt.Errorf("archive %s: %w", a.id, skip)
				}
			}
			out = append(out, found...)
		}
	}
	if len(out) == 0 && a.source != nil {
		return nil, first
	}
	return out, nil
}

// architecturesOf are those of which an archive's packages count.
func (l *loader) architecturesOf(a *archive) []string {
	if len(a.architectures) > 0 {
		return a.architectures
	}
	return append([]string{l.arch}, l.foreign...)
}

// listsOfComponent are the lists of one component for an architecture. skip is why there are none, where
// apt goes on without them; a component that the build file names must be there.
func (l *loader) listsOfComponent(a *archive, component, arch string) (lists []*packageList, skip, err error) {
	file := component + "/binary-" + arch + "/Packages"
	passing := func(format string, args ...any) error {
		return fmt.Errorf("skipping acquire of configured file '%s' as %s "+format, append([]any{file, a.described("InRelease")}, args...)...)
	}
	list, missing := a.list(component, file)
	if missing == nil {
		lists = append(lists, list)
	}
	if a.release.AllApart && arch == l.architecturesOf(a)[0] {
		if list, err := a.list(component, component+"/binary-all/Packages"); err == nil {
			lists = append(lists, list)
		}
	}
	switch {
	case missing == nil:
		return lists, nil, nil
	case !a.release.HasComponent(component) && a.source != nil:
		return nil, nil, fmt.Errorf("it has no component %s; it has %.500s", component, spell.List(a.release.Components, "and"))
	case !a.release.HasComponent(component):
		return lists, passing("doesn't have the component '%s' (component misspelt in sources.list?)", component), nil
	case len(a.release.Architectures) > 0 && !slices.Contains(a.release.Architectures, arch):
		return lists, passing("doesn't support architecture '%s'", arch), nil
	}
	return lists, passing("does not seem to provide it (sources.list entry misspelt?)"), nil
}

// guess looks for the package lists of an archive whose Release, if it has one, lists
// none. Only one that is trusted comes so far.
func (l *loader) guess(ctx context.Context, a *archive) ([]*packageList, error) {
	var out []*packageList
	for _, wanted := range l.guesses(a) {
		component, file := wanted[0], wanted[1]
		list, err := l.find(ctx, a, component, file)
		if errors.Is(err, fetch.ErrNotFound) {
			a.skipped = append(a.skipped, fmt.Sprintf("the %s has no %s", a.described("Release"), file))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("archive %s: %w", a.id, err)
		}
		out = append(out, list)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("archive %s: the %s does not have a Release file, and no list of packages either; check its address and suite", a.id, a.described("Release"))
	}
	return out, nil
}

// guesses are where an archive may have its lists: each a component and a file.
func (l *loader) guesses(a *archive) [][2]string {
	if strings.HasSuffix(a.suite, "/") {
		return [][2]string{{"", "Packages"}}
	}
	var out [][2]string
	for _, component := range a.components {
		for _, arch := range l.architecturesOf(a) {
			out = append(out, [2]string{component, component + "/binary-" + arch + "/Packages"})
		}
	}
	return out
}

// find asks for a list in every compression, and takes the first that is there.
func (l *loader) find(ctx context.Context, a *archive, component, file string) (*packageList, error) {
	for _, ext := range compressions() {
		request := a.file(file + ext)
		request.Name, request.Limit = "look for "+path.Base(file)+ext+" of "+a.id, 0
		answer := l.fetch.Fetch(ctx, []fetch.Request{request})[0]
		switch {
		case answer.Err == nil:
			data := append([]byte{}, answer.Data...) // not nil, though it may be empty
			return &packageList{archive: a, component: component, file: file + ext, size: int64(len(data)), found: data}, nil
		case !errors.Is(answer.Err, fetch.ErrNotFound):
			return nil, answer.Err
		}
	}
	return nil, fetch.ErrNotFound
}

// list finds a package list in the compression that is read fastest.
func (a *archive) list(component, file string) (*packageList, error) {
	for _, ext := range compressions() {
		entry, ok := a.release.Files[file+ext]
		if !ok {
			continue
		}
		request := a.request(path.Join(a.dir(), file+ext), path.Base(file))
		if a.release.AcquireByHash { // a mirror may be without such names, and apt then takes the others
			request.URLs = append(a.request(path.Join(a.dir(), a.release.ByHash(file+ext)), "").URLs, request.URLs...)
		}
		list := &packageList{archive: a, component: component, file: file + ext, size: entry.Size, request: request}
		if component != "" {
			list.request.Name = "load Packages of " + a.id + " " + component
		}
		if list.request.Size = entry.Size; entry.Size == 0 {
			list.request.Limit = 1 // it is empty
		}
		if entry.SHA256 != "" {
			list.request.Digest = digest.NewDigestFromEncoded(digest.SHA256, entry.SHA256)
		} else {
			list.sha512 = entry.SHA512 // BuildKit can't hold a file to it
			list.request.Valid = func(data []byte) error {
				if sum := sha512.Sum512(data); list.sha512 != hex.EncodeToString(sum[:]) {
					return errors.New("it has another SHA512")
				}
				return nil
			}
		}
		return list, nil
	}
	return nil, fetch.ErrNotFound
}
