// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Checker looks whether packages go with an image before they are put on it.
type Checker interface {
	// Check says how the packages that the last image of the plan unpacks get into the
	// image below them.
	Check(ctx context.Context, p *plan.Plan) (distro.Verdict, error)
}

// planLayers makes the layers of every entry, once the installer is chosen.
func (s *packageSet) planLayers(ctx context.Context) error {
	if len(s.locked.Packages) > 0 {
		packageURLs{s}.warn(s.locked.Packages)
	}
	var waiting []plan.Archive
	var marks bool
	var kept []string
	hidden := map[string]string{}
	for i, e := range s.asked.entries {
		waiting = append(waiting, s.archives(i)...)
		marks = marks || s.from.system != nil && e.marks(s.locked)
		over, hides, err := s.conffiles(ctx, i)
		if err != nil {
			return err
		}
		kept = append(kept, over...)
		maps.Copy(hidden, hides)
		var layers []plan.Layer
		if s.locked.Installer != plan.Native {
			layers = s.unpackLayers(i)
		}
		if len(layers) > 0 {
			layers[0].Action.(*plan.Unpack).Hides, hidden = hidden, map[string]string{} //nolint:forcetypeassert // it is one
		}
		if e.installs && (len(waiting) > 0 || marks) {
			layers = append(layers, s.installLayer(i, waiting, hidden))
			waiting, marks, hidden = nil, false, map[string]string{}
			if len(kept) > 0 {
				layers = append(layers, keptLayer(e.layer, kept))
				kept = nil
			}
		}
		s.planned = append(s.planned, layers)
	}
	return nil
}

// marks reports whether an entry asks for what the base has noted as nothing but the
// need of another package.
func (e packageEntry) marks(locked *lock.Packages) bool {
	return slices.ContainsFunc(e.names, func(name spec.String) bool { return slices.Contains(locked.Manual, name.Value) })
}

// chooseInstaller decides how the packages are installed on this base. The lock
// knows it for the base that it was written for, unless a command has changed
// that one: nothing says that it does the same as it did then.
func (s *packageSet) chooseInstaller(ctx context.Context) error {
	t := s.t
	if s.locked.Installer != "" && s.locked.Base == t.basePin() && t.isPinned() && !t.ranInPlace() && !s.lacksConffiles() {
		return nil
	}
	chosen := *s.locked
	s.locked = &chosen
	onScratch := t.image.From.Kind == plan.Scratch
	chosen.Installer = plan.Register
	if onScratch {
		chosen.Installer = plan.Assemble
	}
	if len(chosen.Packages) == 0 || !s.from.system.Facts().Checks || t.pass.req.Checker == nil || t.pass.req.AllowMissing || onScratch && !comesAfterFiles(s.t, s.asked) {
		return nil
	}
	partial := *t.image
	partial.Layers = slices.Clone(t.image.Layers)
	if onScratch {
		partial.Layers = nil // only what the packages have counts
	}
	for i := range s.asked.entries {
		partial.Layers = append(partial.Layers, s.unpackLayers(i)...)
	}
	so := &plan.Plan{Platform: t.image.Platform, Images: append(slices.Clone(t.pass.plan.Images), &partial)}
	verdict, err := t.pass.req.Checker.Check(ctx, so)
	if err != nil {
		return s.asked.fault(fmt.Errorf("look whether the packages fit the base: %w", err))
	}
	chosen.Installer, chosen.Why, chosen.Filters, chosen.Conffiles = verdict.Installer, verdict.Why, verdict.Filters, verdict.Conffiles
	return nil
}

// lacksConffiles reports whether the lock may be of a time when locks had no
// configuration files, and these count: they are to be kept, or files that come before
// may be theirs.
func (s *packageSet) lacksConffiles() bool {
	return s.locked.Conffiles == nil && len(s.locked.Packages) > 0 &&
		(s.asked.keepsConffiles() || s.t.image.From.Kind == plan.Scratch && comesAfterFiles(s.t, s.asked))
}

// comesAfterFiles reports whether files, or what a command ships, come before the last
// packages.
func comesAfterFiles(t *Target, s *packageRequest) bool {
	last := s.entries[len(s.entries)-1].layer
	for i := range t.described.Layers {
		l := &t.described.Layers[i]
		if l == last {
			break
		}
		if !l.Strategy().IsLocked() {
			return true
		}
	}
	return false
}

// isPinned reports whether the base's name says exactly what it is.
func (t *Target) isPinned() bool {
	from := t.image.From
	return from.Kind == plan.Scratch || from.Kind == plan.Registry && strings.Contains(t.basePin(), "@")
}

// archives are the packages of an entry.
func (s *packageSet) archives(entry int) []plan.Archive {
	var out []plan.Archive
	for _, p := range s.locked.Packages {
		if p.Layer == entry {
			out = append(out, s.archive(p))
		}
	}
	return out
}

// unpackLayers are the groups of an entry.
func (s *packageSet) unpackLayers(entry int) []plan.Layer {
	var mine []lock.Package
	for _, p := range s.locked.Packages {
		if p.Layer == entry {
			mine = append(mine, p)
		}
	}
	var layers []plan.Layer
	l := s.asked.entries[entry].layer
	for _, packages := range group(mine) {
		action := &plan.Unpack{Format: s.from.format(), Filters: s.locked.Filters, InStep: s.asked.entries[entry].inStep}
		names := make([]string, 0, len(packages))
		for _, p := range packages {
			action.Archives = append(action.Archives, s.archive(p))
			names = append(names, p.Name)
		}
		if parts := partsOf(packages); parts > 1 && s.from.system.Facts().Divides {
			action.Parts = parts
		}
		layers = append(layers, plan.Layer{Name: l.Name, Strategy: "packages", Words: "packages " + plan.Few(names), Range: l.Range, Action: action})
	}
	return layers
}

func (s *packageSet) installLayer(entry int, archives []plan.Archive, hides map[string]string) plan.Layer {
	e := s.asked.entries[entry]
	names := make([]string, 0, len(e.names))
	for _, n := range e.names {
		names = append(names, n.Value)
	}
	action := &plan.Install{
		Format: s.from.format(), Installer: s.locked.Installer, Why: s.locked.Why, Archives: archives,
		SkipScripts: e.skipsScripts, AllowHeld: s.asked.allowHeld(), KeepConffiles: s.asked.keepsConffiles(), Hides: hides,
	}
	if !ranBefore(s.t.described, e.layer) {
		action.Accounts = ownAccounts(s.t.accounts, archives)
	}
	if s.from.system.Facts().Recommends {
		action.Recommends = new(s.asked.recommends())
	}
	if len(archives) == 0 {
		action.Installer, action.Why = plan.Register, ""
	}
	if s.from.system.Facts().RecordsNames {
		action.Wanted, action.Files = s.asked.recorded(entry, archives), s.asked.recordedFiles(s.locked, entry, archives)
	}
	return plan.Layer{
		Name: e.layer.Name, Strategy: "packages", Words: installWords(names), Range: e.layer.Range, Action: action,
	}
}

// recorded are the names that the database keeps when an entry is installed: those of
// the entries so far, and those of later ones that are installed with it.
func (s *packageRequest) recorded(entry int, archives []plan.Archive) []string {
	wanted := s.wantedNames()
	names := slices.Concat(wanted[:entry+1]...)
	for _, name := range slices.Concat(wanted[entry+1:]...) {
		if slices.ContainsFunc(archives, func(a plan.Archive) bool { return a.Name == distro.PlainName(name) }) {
			names = append(names, name)
		}
	}
	return names
}

// recordedFiles are the packages of files whose names the database keeps: they are
// installed now, or the base has them already.
func (s *packageRequest) recordedFiles(locked *lock.Packages, entry int, archives []plan.Archive) []string {
	var out []string
	for i, e := range s.entries {
		for _, f := range e.files {
			for _, name := range f.packages(locked) {
				present := i <= entry && slices.ContainsFunc(locked.Present, func(p lock.Package) bool { return p.Name == name })
				if present || slices.ContainsFunc(archives, func(a plan.Archive) bool { return a.Name == name }) {
					out = append(out, name)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// installWords say what a step that installs packages does.
func installWords(names []string) string {
	if len(names) == 0 {
		return "packages: bring the base up to date"
	}
	return "packages: install " + plan.Few(names)
}

// format is the kind of the packages.
func (s *origin) format() plan.Format { return plan.Format(s.system.Facts().Type) }

func (s *packageSet) archive(p lock.Package) plan.Archive {
	a := plan.Archive{
		Name: p.Name, Version: p.Version, Arch: p.Arch, Digest: "sha256:" + p.SHA256, Size: p.Size, Pos: s.asked.pos(p.Name),
	}
	if f := s.files.of(p); f != nil {
		a.Pos = f.name.Pos
		if f.copied == nil {
			a.URLs = []string{p.URL}
		} else {
			a.Copy = &plan.Copy{From: f.copied.From, Path: path.Join("/", p.File), Pos: f.name.Pos}
		}
		return a
	}
	a.Login = s.logins[p.Repository]
	for _, uri := range s.uris[p.Repository] {
		a.URLs = append(a.URLs, s.from.system.Facts().Address(uri, p.Path))
	}
	return a
}
