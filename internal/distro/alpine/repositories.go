// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/distro/login"
)

// repository is one repository of apk.
type repository struct {
	id string
	// uris are addresses of the same, the preferred one first.
	uris []string
	tag  string
	keys index.Keys
	// source is where the build file gives it, if it does.
	source *distro.Source
	index  *index.Index
}

// repositoriesFor are those that the build file gives, or those that the base is
// configured for, with their keys.
func repositoriesFor(ctx context.Context, r *distro.Request, b *base, arch string) (all []*repository, err error) {
	all = given(r.Sources)
	if len(all) == 0 {
		if all, err = b.repositories(ctx, arch); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 && !r.OnlyFiles() {
		return nil, distro.NoArchives(b.Configured)
	}
	for _, repo := range all {
		if repo.source != nil && repo.source.Snapshot {
			return nil, &distro.Error{Source: repo.source, Err: errors.New("indexes of Alpine never expire; leave out `snapshot`")}
		}
		if repo.isTrusted() {
			continue
		}
		if repo.source != nil && repo.source.Keys != "" {
			repo.keys, err = givenKeys(ctx, r, repo.source)
		} else if repo.keys, err = b.keys(ctx); err == nil && len(repo.keys) == 0 {
			err = &distro.Error{Source: repo.source, Err: fmt.Errorf("find the keys of %s: %s has none in /etc/apk/keys; give one with `signed_by`", repo.id, b.Name)}
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// isTrusted reports whether the build file takes it without a signature.
func (r *repository) isTrusted() bool { return r.source != nil && r.source.Trusted }

// given are the repositories of the build file, without their keys.
func given(sources []*distro.Source) []*repository {
	var out []*repository
	seen := map[string]bool{}
	for _, s := range sources {
		for _, uris := range addresses(s) {
			if key := strings.Join(uris, " "); !seen[key] {
				seen[key] = true
				out = append(out, &repository{uris: uris, source: s})
			}
		}
	}
	return named(out)
}

// addresses are those of the repositories that a source stands for, each with its
// mirrors: with suites and components, each of those is a directory.
func addresses(s *distro.Source) [][]string {
	dirs := []string{""}
	for _, level := range [][]string{s.Suites, s.Components} {
		if len(level) == 0 {
			continue
		}
		var next []string
		for _, dir := range dirs {
			for _, part := range level {
				next = append(next, dir+"/"+strings.Trim(part, "/"))
			}
		}
		dirs = next
	}
	out := make([][]string, 0, len(dirs))
	for _, dir := range dirs {
		var uris []string
		for _, u := range s.URIs {
			uris = append(uris, strings.TrimRight(u, "/")+dir)
		}
		out = append(out, uris)
	}
	return out
}

// repositories are those that the base is configured for.
func (b *base) repositories(ctx context.Context, arch string) ([]*repository, error) {
	files, err := b.repositoryFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the repositories of %s: %w", b.Name, err)
	}
	lines, err := index.ParseRepositories(arch, files...)
	if err != nil {
		return nil, err
	}
	out := make([]*repository, 0, len(lines))
	for _, r := range lines {
		if !strings.HasPrefix(r.URL, "http://") && !strings.HasPrefix(r.URL, "https://") {
			continue // a directory of the base, or a disc
		}
		uris := login.Without(r.URL)
		if _, err := distro.ParseAddresses(uris[0]); err != nil {
			return nil, fmt.Errorf("read the repositories of %s: %w", b.Name, err)
		}
		out = append(out, &repository{uris: uris, tag: r.Tag})
	}
	return named(out), nil
}

// repositoryFiles are the files of the base that list repositories, in apk's order: one
// of /etc counts in the place of one of /lib with its name.
func (b *base) repositoryFiles(ctx context.Context) ([]index.File, error) {
	where := map[string]string{}
	for _, dir := range []string{"/lib/apk/repositories.d", "/etc/apk/repositories.d"} {
		names, err := b.ReadDir(ctx, dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if path.Ext(name) == ".list" && name[0] != '.' {
				where[name] = dir + "/" + name
			}
		}
	}
	paths := []string{"/etc/apk/repositories"}
	for _, name := range slices.Sorted(maps.Keys(where)) {
		paths = append(paths, where[name])
	}
	var files []index.File
	for _, at := range paths {
		switch text, err := b.ReadFile(ctx, at); {
		case err == nil:
			files = append(files, index.File{Name: at, Text: string(text)})
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return files, nil
}

// named gives repositories their ids: the last part of the address, with a
// number where that would be the same twice.
func named(all []*repository) []*repository {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = "packages"
		if u, err := url.Parse(r.uris[0]); err == nil {
			if base := path.Base(u.Path); base != "." && base != "/" {
				names[i] = base
			}
		}
	}
	for i, id := range distro.UniqueIDs(names) {
		all[i].id = id
	}
	return all
}

// Repositories are those that sources stand for.
func (System) Repositories(sources []*distro.Source) ([]distro.Repository, error) {
	all := given(sources)
	out := make([]distro.Repository, 0, len(all))
	for _, r := range all {
		out = append(out, r.plain())
	}
	return out, nil
}

// Addresses are those of the repository alone: nothing keeps what was in it before.
func (System) Addresses(r distro.Repository) []string { return r.URIs }

// plain is the repository as all systems say it.
func (r *repository) plain() distro.Repository {
	out := distro.Repository{ID: r.id, URIs: r.uris, Given: r.source != nil, Trusted: r.isTrusted(), Distribution: distribution(r.uris[0])}
	if r.index != nil {
		out.Signers = r.index.Signers()
	}
	return out
}

// distribution is what an archive's packages are made for, by its address.
func distribution(address string) string {
	if m := regexp.MustCompile(`/v(\d+\.\d+)/`).FindStringSubmatch(address + "/"); m != nil {
		return "alpine-" + m[1]
	}
	for _, name := range []string{"wolfi", "alpine"} {
		if strings.Contains(address, name) {
			return name
		}
	}
	return ""
}
