// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// Guard looks whether packages fit an image before they are put on it.
type Guard interface {
	// Fit says how the packages that the last image of the plan unpacks go with the
	// image below them.
	Fit(ctx context.Context, p *plan.Plan) (Fit, error)
}

// Fit is how packages go with an image.
type Fit struct {
	Installer plan.Installer `json:"installer"`
	// Why says why they aren't registered, if they are not.
	Why string `json:"why"`
	// Filters are the paths that the image leaves out of packages.
	Filters []string `json:"filters"`
}

// planPackages makes the layers of every entry.
func (t *Target) planPackages(ctx context.Context, set *packageSet) error {
	if err := t.chooseInstaller(ctx, set); err != nil {
		return err
	}
	var waiting []plan.Archive
	for i, e := range set.entries {
		waiting = append(waiting, set.archives(i)...)
		var layers []plan.Layer
		if set.locked.Installer != plan.Native {
			layers = t.unpackLayers(set, i)
		}
		if e.installs && len(waiting) > 0 {
			layers = append(layers, t.installLayer(set, i, waiting))
			waiting = nil
		}
		set.planned = append(set.planned, layers)
	}
	return nil
}

// chooseInstaller decides how the packages are installed on this base. The lock
// knows it for the base that it was written for, unless a command has changed
// that one: nothing says that it does the same as it did then.
func (t *Target) chooseInstaller(ctx context.Context, set *packageSet) (err error) {
	if set.locked.Installer != "" && set.locked.Base == t.basePin() && t.isPinned() && !t.ranInPlace() {
		return nil
	}
	chosen := *set.locked
	set.locked = &chosen
	if t.image.From.Kind == plan.Scratch {
		chosen.Installer = plan.Assemble
		return nil
	}
	if set.format() == plan.APK || t.Guard == nil || t.AllowMissing || len(chosen.Packages) == 0 {
		chosen.Installer = plan.Register
		return nil
	}
	partial := *t.image
	partial.Layers = slices.Clone(t.image.Layers)
	for i := range set.entries {
		partial.Layers = append(partial.Layers, t.unpackLayers(set, i)...)
	}
	so := &plan.Plan{Platform: t.image.Platform, Images: append(slices.Clone(t.plan.Images), &partial)}
	fit, err := t.Guard.Fit(ctx, so)
	if err != nil {
		return t.packagesFault(set, fmt.Errorf("look whether the packages fit the base: %w", err))
	}
	chosen.Installer, chosen.Why, chosen.Filters = fit.Installer, fit.Why, fit.Filters
	return nil
}

// isPinned tells whether the base's name says exactly what it is.
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
func (t *Target) unpackLayers(set *packageSet, entry int) []plan.Layer {
	var mine []lock.Package
	for _, p := range set.locked.Packages {
		if p.Layer == entry {
			mine = append(mine, p)
		}
	}
	var layers []plan.Layer
	l := set.entries[entry].layer
	for _, packages := range group(mine) {
		action := &plan.Unpack{Format: set.format(), Filters: set.locked.Filters}
		names := make([]string, 0, len(packages))
		for _, p := range packages {
			action.Archives = append(action.Archives, set.archive(p))
			names = append(names, p.Name)
		}
		layer := plan.Layer{Name: l.Name, Strategy: "packages", Words: "packages " + few(names), Range: l.Range, Action: action}
		layers = append(layers, layer)
		if set.format() == plan.Deb {
			layers = append(layers, divide(layer, action, packages)...)
		}
	}
	return layers
}

// divide makes layers of the further parts of a large group.
func divide(first plan.Layer, action *plan.Unpack, packages []lock.Package) []plan.Layer {
	parts := partsOf(packages)
	if parts < 2 {
		return nil
	}
	action.Parts = parts
	var layers []plan.Layer
	for part := 1; part < parts; part++ {
		layer := first
		layer.Words += fmt.Sprintf(", part %d", part+1)
		layer.Action = &plan.Unpack{Format: action.Format, Archives: []plan.Archive{}, Part: part}
		layers = append(layers, layer)
	}
	return layers
}

func (t *Target) installLayer(set *packageSet, entry int, archives []plan.Archive) plan.Layer {
	e := set.entries[entry]
	names := make([]string, 0, len(e.names))
	for _, n := range e.names {
		names = append(names, n.Value)
	}
	action := &plan.Install{
		Format: set.format(), Installer: set.locked.Installer, Why: set.locked.Why, Archives: archives,
		SkipScripts: e.layer.Packages.Scripts.Value == "skip",
	}
	if action.Format == plan.APK {
		action.Wanted = slices.Concat(set.wanted()[:entry+1]...)
	}
	return plan.Layer{
		Name: e.layer.Name, Strategy: "packages", Words: "packages: install " + few(names), Range: e.layer.Range, Action: action,
	}
}

// format is the kind of the packages.
func (s *packageSet) format() plan.Format {
	if len(s.locked.Packages) > 0 && strings.HasSuffix(s.locked.Packages[0].Path, ".apk") {
		return plan.APK
	}
	return plan.Deb
}

func (s *packageSet) archive(p lock.Package) plan.Archive {
	a := plan.Archive{
		Name: p.Name, Version: p.Version, Arch: p.Arch, Digest: "sha256:" + p.SHA256, Size: p.Size, Pos: s.pos(p.Name),
	}
	for _, uri := range s.uris[p.Repository] {
		a.URLs = append(a.URLs, strings.TrimSuffix(uri, "/")+"/"+p.Path)
	}
	return a
}
