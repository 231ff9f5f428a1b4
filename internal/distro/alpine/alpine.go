// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package alpine is the package system of Alpine and Wolfi: which bases have it,
// where their packages come from, and which packages an image needs.
package alpine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/distro/alpine/resolve"
	"github.com/strata-build/strata/internal/tree"
)

// System is the package system of Alpine and Wolfi.
type System struct{}

var (
	_ distro.System   = System{}
	_ distro.Archives = System{}
)

// Facts returns what is always so for packages of Alpine.
func (System) Facts() distro.Facts {
	return distro.Facts{
		Type: "apk", Name: "apk", FollowsLinks: true, RecordsNames: true,
		Patterns: []string{"lib/apk", "usr/lib/apk", "etc/apk"},
	}
}

// databases are where apk keeps what is installed, by its releases, the latest first.
func databases() []string { return []string{"/usr/lib/apk/db/installed", "/lib/apk/db/installed"} }

// Detect reports whether a base has apk's database.
func (System) Detect(ctx context.Context, base tree.Tree) (bool, error) {
	return distro.HasFile(ctx, base, databases()...)
}

// base is what a base says of its packages, and the image that says where more come
// from: the same, or another one that it is to be like.
type base struct {
	distro.Configured
	installed *index.Installed
	world     []control.Relation
}

func readBase(ctx context.Context, r *distro.Request) (*base, error) {
	b, files := &base{Configured: r.Configured()}, r.Base
	for _, name := range databases() {
		text, err := files.ReadFile(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			b.installed, err = index.ReadInstalled(string(text))
		}
		if err != nil {
			return nil, err
		}
		break
	}
	text, err := files.ReadFile(ctx, "/etc/apk/world")
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		b.world, err = index.ParseWorld(string(text))
	}
	return b, err
}

// CheckName says what is wrong with how a package is asked for.
func (System) CheckName(name string) error {
	_, err := resolve.ParseWanted(name)
	return err
}

// Resolve finds packages by apk's rules, and reads each of them once: indexes of
// Alpine don't have what a lock keeps.
func (System) Resolve(ctx context.Context, r distro.Request) (*distro.Solution, error) {
	p, err := prepare(ctx, &r)
	if err != nil {
		return nil, err
	}
	request, repositories, files := p.request, p.repositories, p.files
	solution, err := resolve.Resolve(*request)
	if err != nil {
		return nil, &distro.Error{Name: r.Asked(nameOf, files.ReadFiles, distro.Requested(err)), Err: err}
	}
	if len(solution.Removed) > 0 {
		return nil, &distro.Error{Err: fmt.Errorf(
			"apk would remove %s from the base, which nothing there asks for any more or which is in the way; name it among the packages, or take another base",
			strings.Join(solution.Removed, ", "))}
	}
	v := &verified{sums: map[string]string{}, replaces: map[string][]string{}}
	if err := files.verify(solution, v); err != nil {
		return nil, err
	}
	if err := v.verify(ctx, r.Fetch, repositories, solution); err != nil {
		return nil, err
	}
	return answer(&r, files, solution, v, repositories), nil
}

// prepared is all that the resolver decides with.
type prepared struct {
	request      *resolve.Request
	repositories []*repository
	files        *packageFiles
}

// prepare reads all that the resolver decides with.
func prepare(ctx context.Context, r *distro.Request) (*prepared, error) {
	if r.Recommends {
		return nil, &distro.Error{Err: errors.New("recommends: packages of Alpine recommend nothing; leave it out")}
	}
	if r.Upgrade == distro.UpgradeSecurity {
		return nil, &distro.Error{Err: errors.New("upgrade: security: archives of Alpine don't say which updates are for security; write true")}
	}
	arch := resolve.Architecture(r.Platform)
	if arch == "" {
		return nil, &distro.Error{Err: fmt.Errorf("Alpine has no packages for the platform %s", r.Platform)} //nolint:staticcheck // it is a name
	}
	b, err := readBase(ctx, r)
	if err != nil {
		return nil, err
	}
	files, err := readPackageFiles(r, arch)
	if err != nil {
		return nil, err
	}
	repositories, err := repositoriesFor(ctx, r, b, arch)
	if err != nil {
		return nil, err
	}
	indexes, err := readIndexes(ctx, r.Fetch, arch, repositories)
	if err != nil {
		return nil, err
	}
	out := &resolve.Request{Architecture: arch, Indexes: indexes, Installed: b.installed, World: b.world, Keep: map[string]string{}, Upgrade: r.Upgrade == distro.UpgradeAll}
	for _, p := range r.Keep {
		out.Keep[p.Name] = p.Version
	}
	if files.index != nil {
		out.Indexes = append([]*index.Index{files.index}, indexes...)
	}
	if out.Wanted, err = wantedOf(r, files); err != nil {
		return nil, err
	}
	return &prepared{out, repositories, files}, nil
}

// wantedOf are the packages that a request names, files among them.
func wantedOf(r *distro.Request, files *packageFiles) ([]resolve.Wanted, error) {
	var wanted []resolve.Wanted
	for _, name := range slices.Concat(r.Layers...) {
		if r.IsFile(name) {
			continue
		}
		w, err := resolve.ParseWanted(name)
		if err != nil {
			return nil, &distro.Error{Name: name, Err: err}
		}
		if err := files.compare(name, w); err != nil {
			return nil, err
		}
		wanted = append(wanted, w)
	}
	return append(wanted, files.wanted()...), nil
}

// answer puts a solution into the words of all systems.
func answer(r *distro.Request, files *packageFiles, s *resolve.Solution, v *verified, repositories []*repository) *distro.Solution {
	found := distro.Answer{Name: nameOf, Files: files.ReadFiles, Ties: distro.Ties(s.Ties), Absent: s.Absent, Closure: s.Closure}
	for _, u := range s.Upgrades {
		found.Upgraded = append(found.Upgraded, u.Name)
	}
	beside := v.beside()
	for _, p := range s.Packages {
		found.Packages = append(found.Packages, distro.Package{
			Name: p.Name, Version: p.Version, Arch: p.Architecture, Source: p.Origin, Repository: p.Repository, Path: p.Path,
			Size: p.Size, SHA256: v.sums[p.Name], Beside: beside[p.Name],
		})
	}
	for _, repo := range repositories {
		found.Repositories = append(found.Repositories, repo.plain())
	}
	return found.Solution(r)
}

// nameOf is the package that a request names; false for one that is kept out.
func nameOf(text string) (string, bool) {
	w, err := resolve.ParseWanted(text)
	return w.Name, err == nil && !w.Conflict
}
