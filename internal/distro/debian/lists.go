// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/fetch"
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
		found, skip, err := l.listsOfComponent(a, component)
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
	if len(out) == 0 && a.source != nil {
		return nil, first
	}
	return out, nil
}

// listsOfComponent are the lists of one component. skip is why there are none, where
// apt goes on without them; a component that the build file names must be there.
func (l *loader) listsOfComponent(a *archive, component string) (lists []*packageList, skip, err error) {
	file := component + "/binary-" + l.arch + "/Packages"
	passing := func(format string, args ...any) error {
		return fmt.Errorf("skipping acquire of configured file '%s' as %s "+format, append([]any{file, a.described("InRelease")}, args...)...)
	}
	if known := a.release.Components; len(known) > 0 && !slices.ContainsFunc(known, func(k string) bool {
		return k == component || path.Base(k) == component
	}) {
		if a.source != nil {
			return nil, nil, fmt.Errorf("it has no component %s; it has %s", component, strings.Join(known, ", "))
		}
		return nil, passing("doesn't have the component '%s' (component misspelt in sources.list?)", component), nil
	}
	list, missing := a.list(component, file)
	if missing == nil {
		lists = append(lists, list)
	}
	if a.release.AllApart {
		if list, err := a.list(component, component+"/binary-all/Packages"); err == nil {
			lists = append(lists, list)
		}
	}
	switch {
	case missing == nil:
		return lists, nil, nil
	case len(a.release.Architectures) > 0 && !slices.Contains(a.release.Architectures, l.arch):
		return lists, passing("doesn't support architecture '%s'", l.arch), nil
	}
	return lists, passing("does not seem to provide it (sources.list entry misspelt?)"), nil
}

// guess looks for the package lists of an archive whose Release, if it has one, lists
// none. Only one that is trusted comes so far.
func (l *loader) guess(ctx context.Context, a *archive) ([]*packageList, error) {
	var out []*packageList
	components, file := a.components, func(component string) string { return component + "/binary-" + l.arch + "/Packages" }
	if strings.HasSuffix(a.suite, "/") {
		components, file = []string{""}, func(string) string { return "Packages" }
	}
	for _, component := range components {
		list, err := l.find(ctx, a, component, file(component))
		if errors.Is(err, fetch.ErrNotFound) {
			a.skipped = append(a.skipped, fmt.Sprintf("the %s has no %s", a.described("Release"), file(component)))
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
		where := path.Join(a.dir(), file+ext)
		if a.release.AcquireByHash {
			where = path.Join(a.dir(), a.release.ByHash(file+ext))
		}
		list := &packageList{archive: a, component: component, file: file + ext, size: entry.Size, request: a.request(where, path.Base(file))}
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
		}
		return list, nil
	}
	return nil, fetch.ErrNotFound
}
