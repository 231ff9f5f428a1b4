// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	format "github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/resolve"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// apkBase is what a base says of its packages.
type apkBase struct {
	tree.Tree
	installed *resolve.Installed
	world     []format.Relation
}

func readAPKBase(ctx context.Context, files tree.Tree) (*apkBase, error) {
	b := &apkBase{Tree: files}
	for _, name := range []string{"/usr/lib/apk/db/installed", "/lib/apk/db/installed"} {
		text, err := files.ReadFile(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			b.installed, err = resolve.ReadInstalled(string(text))
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
		b.world, err = resolve.ParseWorld(string(text))
	}
	return b, err
}

// resolveAPKs finds the packages in archives of Alpine or Wolfi.
func (t *Target) resolveAPKs(ctx context.Context, set *packageSet, files tree.Tree, old *lock.Packages) ([]lock.Repository, error) {
	if set.recommends() {
		return nil, t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start, "recommends: packages of Alpine recommend nothing; leave it out")
	}
	arch := resolve.Architecture(t.image.Platform)
	if arch == "" {
		return nil, t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start, "Alpine has no packages for the platform %s", t.image.Platform)
	}
	base, err := readAPKBase(ctx, files)
	if err != nil {
		return nil, t.packagesFault(set, err)
	}
	repositories, err := t.apkRepositories(ctx, set, base)
	if err != nil {
		return nil, err
	}
	load := &apkLoader{fetch: t.Fetch, arch: arch}
	indexes, err := load.indexes(ctx, repositories)
	if err != nil {
		return nil, t.packagesFault(set, err)
	}
	request := resolve.Request{Architecture: arch, Indexes: indexes, Installed: base.installed, World: base.world, Keep: t.keepAPKs(old)}
	for _, e := range set.entries {
		for _, name := range e.names {
			wanted, err := resolve.ParseWanted(name.Value)
			if err != nil {
				return nil, t.Spec.Errorf(name.Pos, "%w", err)
			}
			request.Wanted = append(request.Wanted, wanted)
		}
	}
	solution, err := resolve.Resolve(request)
	if err != nil {
		return nil, t.Spec.Errorf(set.posOfAPK(resolve.Asked(err)), "%w", err)
	}
	if len(solution.Removed) > 0 {
		return nil, t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start,
			"apk would remove %s from the base, which nothing there asks for any more or which is in the way; name it among the packages, or take another base",
			strings.Join(solution.Removed, ", "))
	}
	for _, tie := range solution.Ties {
		t.Warn(t.Spec.Errorf(set.posOfAPK(tie.By), "%s", tie))
	}
	set.uris = map[string][]string{}
	locked := make([]lock.Repository, 0, len(repositories))
	for _, r := range repositories {
		set.uris[r.id] = r.uris
		locked = append(locked, r.locked())
	}
	sums, err := load.verify(ctx, set, solution)
	if err != nil {
		return nil, t.packagesFault(set, err)
	}
	set.locked = t.lockAPKs(set, solution, sums)
	return locked, nil
}

// keepAPKs are the versions that the lock has, but for those that are to be
// updated.
func (t *Target) keepAPKs(old *lock.Packages) map[string]string {
	keep := map[string]string{}
	if old == nil || slices.Contains(t.Lock.Update, "*") {
		return keep
	}
	for _, p := range old.Packages {
		if !slices.Contains(t.Lock.Update, p.Name) {
			keep[p.Name] = p.Version
		}
	}
	return keep
}

// lockAPKs writes a solution down.
func (t *Target) lockAPKs(set *packageSet, s *resolve.Solution, sums map[string]string) *lock.Packages {
	out := &lock.Packages{Base: t.basePin(), Wanted: set.wanted()}
	layers := map[string]int{}
	for i := len(set.entries) - 1; i >= 0; i-- {
		var names []string
		for _, n := range set.entries[i].names {
			if w, err := resolve.ParseWanted(n.Value); err == nil && !w.Conflict {
				names = append(names, w.Name)
			}
		}
		for _, name := range s.Closure(names) {
			layers[name] = i
		}
	}
	for _, p := range s.Packages {
		layer, ok := layers[p.Name]
		if !ok {
			// Several entries together bring it in.
			layer = len(set.entries) - 1
		}
		locked := lock.Package{
			Name: p.Name, Version: p.Version, Arch: p.Architecture, Repository: p.Repository, Path: p.Path,
			Size: p.Size, SHA256: sums[p.Name], Layer: layer,
		}
		if p.Origin != p.Name {
			locked.Source = p.Origin
		}
		out.Packages = append(out.Packages, locked)
	}
	out.Sort()
	return out
}

// posOfAPK is where the build file names a package, in whatever version.
func (s *packageSet) posOfAPK(name string) spec.Pos {
	for _, e := range s.entries {
		for _, n := range e.names {
			w, err := resolve.ParseWanted(n.Value)
			if name != "" && (n.Value == name || err == nil && w.Name == name) {
				return n.Pos
			}
		}
	}
	return s.entries[0].layer.Packages.Range.Start
}

// apkLoader reads indexes and packages.
type apkLoader struct {
	fetch fetcher
	arch  string
}

// problem says which package could not be had.
func problem(p *resolve.Package, err error) error {
	return fmt.Errorf("read the package %s %s: %w", p.Name, p.Version, err)
}
