// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// debBase are the files of a base that say what is installed and where more
// comes from.
type debBase struct {
	tree.Tree
	status *index.Status
	pins   []index.Pin
}

// debBasePatterns are the files that debBase reads.
func debBasePatterns() []string {
	return []string{
		"etc/apt", "usr/share/keyrings", "var/lib/dpkg/status", "var/lib/dpkg/status.d",
	}
}

// readDebBase reads the base's package database.
func readDebBase(ctx context.Context, files tree.Tree) (*debBase, error) {
	b := &debBase{Tree: files}
	text, err := files.ReadFile(ctx, "/var/lib/dpkg/status")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Images without dpkg have a file for each package.
	single, err := b.readAll(ctx, "/var/lib/dpkg/status.d", func(name string) bool { return !strings.HasSuffix(name, ".md5sums") })
	if err != nil {
		return nil, err
	}
	for _, data := range single {
		text = append(append(text, "\n\n"...), data...)
	}
	if b.status, err = index.ReadStatus(bytes.NewReader(text)); err != nil {
		return nil, err
	}
	return b, b.readPins(ctx)
}

func (b *debBase) readPins(ctx context.Context) error {
	texts, err := b.readAll(ctx, "/etc/apt/preferences.d", func(name string) bool {
		return !strings.Contains(name, ".") || strings.HasSuffix(name, ".pref")
	})
	if err != nil {
		return err
	}
	if text, err := b.ReadFile(ctx, "/etc/apt/preferences"); err == nil {
		texts = append([][]byte{text}, texts...)
	}
	for _, text := range texts {
		pins, err := index.ReadPreferences("/etc/apt/preferences", text)
		if err != nil {
			return err
		}
		b.pins = append(b.pins, pins...)
	}
	return nil
}

// readAll reads the files of a folder that are wanted, in order.
func (b *debBase) readAll(ctx context.Context, dir string, want func(name string) bool) ([][]byte, error) {
	names, err := b.ReadDir(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("read folder %s of the base: %w", dir, err)
	}
	var out [][]byte
	for _, name := range names {
		if !want(name) {
			continue
		}
		data, err := b.ReadFile(ctx, dir+"/"+name)
		if err != nil {
			return nil, fmt.Errorf("read %s/%s of the base: %w", dir, name, err)
		}
		out = append(out, data)
	}
	return out, nil
}

// resolveDebs finds the packages in Debian archives.
func (t *Target) resolveDebs(ctx context.Context, set *packageSet, files tree.Tree, old *lock.Packages) ([]lock.Repository, error) {
	base, err := readDebBase(ctx, files)
	if err != nil {
		return nil, t.packagesFault(set, err)
	}
	p, err := platforms.Parse(t.image.Platform)
	if err != nil {
		return nil, err
	}
	load := &debLoader{fetch: t.Fetch, arch: debArch(p), now: t.Now, old: t.Lock.File}
	archives, err := t.debArchives(ctx, set, base, load.arch)
	if err != nil {
		return nil, err
	}
	indexes, err := load.all(ctx, archives)
	if err != nil {
		return nil, t.packagesFault(set, err)
	}
	request := resolve.Request{
		Architecture: load.arch, Indexes: indexes, Installed: base.status, Recommends: set.recommends(),
		Pins: append(t.keep(old), base.pins...),
	}
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
	if err == nil {
		err = resolve.Check(request, solution)
	}
	if err != nil {
		return nil, t.resolveFault(set, err)
	}
	if len(solution.Removed) > 0 {
		return nil, t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start,
			"resolve the packages: they go only without %s of the base; take those out in a build layer before this one, or ask for other packages",
			strings.Join(solution.Removed, ", "))
	}
	for _, tie := range solution.Ties {
		t.Warn(t.Spec.Errorf(set.pos(tie.By), "%s", tie))
	}
	set.locked = t.lockDebs(set, solution)
	set.uris = map[string][]string{}
	for _, a := range archives {
		set.uris[a.id] = withSnapshots(a.uris, a.release.Date)
	}
	return lockedArchives(archives), nil
}

// keptPriority is the pin of a version that the lock has: newer ones don't count,
// but what is installed isn't taken back for it.
const keptPriority = 990

// keep pins the versions that the lock has, but for those that are to be updated.
func (t *Target) keep(old *lock.Packages) []index.Pin {
	if old == nil || slices.Contains(t.Lock.Update, "*") {
		return nil
	}
	var pins []index.Pin
	for _, p := range old.Packages {
		if !slices.Contains(t.Lock.Update, p.Name) {
			pins = append(pins, index.Pin{
				Packages: []string{p.Name}, Kind: "version", Match: []index.PinMatch{{Value: p.Version}}, Priority: keptPriority,
			})
		}
	}
	return pins
}

// lockDebs writes a solution down.
func (t *Target) lockDebs(set *packageSet, s *resolve.Solution) *lock.Packages {
	out := &lock.Packages{Base: t.basePin(), Wanted: set.wanted(), Recommends: set.recommends()}
	layers := set.assign(s)
	for _, p := range s.Packages {
		locked := lock.Package{
			Name: p.Name, Version: p.Version, Arch: p.Architecture, Repository: p.Repository, Path: p.Filename,
			Size: p.Size, SHA256: p.SHA256, Layer: layers[p.Name],
		}
		if p.Source != p.Name {
			locked.Source = p.Source
		}
		out.Packages = append(out.Packages, locked)
	}
	out.Sort()
	return out
}

// assign gives each package to the first entry that needs it.
func (s *packageSet) assign(solution *resolve.Solution) map[string]int {
	layers := map[string]int{}
	for i, e := range s.entries {
		var names []string
		for _, n := range e.names {
			if w, err := resolve.ParseWanted(n.Value); err == nil {
				names = append(names, w.Name)
			}
		}
		for _, name := range solution.Closure(names) {
			if _, ok := layers[name]; !ok {
				layers[name] = i
			}
		}
	}
	return layers
}

// resolveFault puts the line of the package that a resolver's error is about to
// it.
func (t *Target) resolveFault(set *packageSet, err error) error {
	pos := set.entries[0].layer.Packages.Range.Start
	if name := resolve.Asked(err); name != "" {
		pos = set.posOf(name)
	}
	return t.Spec.Errorf(pos, "%w", err)
}

// posOf is where the build file names a package, in whatever version.
func (s *packageSet) posOf(name string) spec.Pos {
	for _, e := range s.entries {
		for _, n := range e.names {
			if w, err := resolve.ParseWanted(n.Value); err == nil && (w.Name == name || n.Value == name) {
				return n.Pos
			}
		}
	}
	return s.pos(name)
}

// packagesFault is about what an archive or the base answers: no fault of the
// build file, though a line of it asks.
func (t *Target) packagesFault(set *packageSet, err error) error {
	fault := t.Spec.Errorf(set.entries[0].layer.Packages.Range.Start, "%w", err)
	fault.External = true
	return fault
}
