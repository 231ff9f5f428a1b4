// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// origin is where the packages of a target come from.
type origin struct {
	t     *Target
	asked *packageRequest
	files *fileSet
	// like is the image that says so in the base's place, pinned once they are resolved;
	// nil when it is the base.
	like *plan.Tree
	// configured is what that image has; nil until it is opened.
	configured *distro.Configured
	// logins are those for the archives' servers.
	logins logins
	// system is the packages'; nil while nothing says which it is.
	system distro.System
}

// readSources reads the repositories of the build file. All packages of an image
// come from one system.
func (s *packageRequest) readSources() error {
	for _, e := range s.entries {
		for i := range e.layer.Packages.Repositories {
			r := &e.layer.Packages.Repositories[i]
			source, err := s.source(r)
			if err != nil {
				return err
			}
			kind, err := s.read.word(r.Type, spec.ParseRepositoryType)
			if err != nil {
				return err
			}
			if s.kind != "" && kind != s.kind {
				return s.read.errorf(r.Range.Start, "the packages of one image come from repositories of one type, not of %s and %s", s.kind, kind)
			}
			s.sources, s.given[source], s.kind = append(s.sources, source), r, kind
		}
	}
	return nil
}

// source is a repository of the build file with its names expanded.
func (s *packageRequest) source(r *spec.Repository) (*distro.Source, error) {
	uri, err := s.read.expand(r.URI)
	if err != nil {
		return nil, err
	}
	out := &distro.Source{Snapshot: r.Snapshot, Trusted: r.Trusted}
	if out.URIs, err = distro.ParseAddresses(uri); err != nil {
		return nil, s.read.errorf(r.URI.Pos, "%w", err)
	}
	if out.Suites, err = s.read.expandAll(r.Suites); err != nil {
		return nil, err
	}
	if out.Components, err = s.read.expandAll(r.Components); err != nil {
		return nil, err
	}
	if out.Keys, err = s.read.expand(r.SignedBy); err != nil {
		return nil, err
	}
	out.Secret, err = s.read.expand(r.Auth)
	return out, err
}

// chooseSystem finds the system that the packages come from: that of the build
// file's repositories, or that of the base. It returns the base's files.
func (s *origin) chooseSystem(ctx context.Context) (tree.Tree, error) {
	if s.t.pass.req.Fetch == nil || s.t.pass.req.Looker == nil {
		return nil, s.t.read.errorf(s.asked.start(), "resolve packages: nothing can be fetched here")
	}
	base, err := s.lookIntoBase(ctx)
	if err != nil {
		return nil, s.asked.fault(fmt.Errorf("look into the base: %w", err))
	}
	if err := s.openLike(ctx); err != nil {
		return nil, err
	}
	if err := s.readLogins(ctx, base); err != nil {
		return nil, err
	}
	switch {
	case len(s.asked.sources) > 0:
		return base, s.systemOfSources(ctx, base)
	case s.like != nil:
		return base, s.systemOfLike(ctx, base)
	}
	if s.system, err = distro.Detect(ctx, s.t.pass.req.Systems, base); err != nil {
		return nil, s.asked.fault(fmt.Errorf("look into the base: %w", err))
	}
	if s.system == nil && s.t.image.From.Kind == plan.Scratch {
		s.system = s.systemOfFiles()
	}
	switch {
	case s.system != nil:
		return base, nil
	case s.t.image.From.Kind == plan.Scratch:
		return nil, s.t.read.errorf(s.asked.start(), "packages on scratch need `repositories` or `like`: there is no base that says where they come from")
	}
	return nil, s.t.read.errorf(s.asked.start(), "the base has no package database that Strata knows (%s); say with `repositories` where packages come from", s.knownSystems())
}

// systemOfFiles finds the system of packages that are files, by their extension; nil
// when there are none. What they need besides, if anything, must come from somewhere.
func (s *origin) systemOfFiles() distro.System {
	for _, f := range s.files.all {
		for _, system := range s.t.pass.req.Systems {
			if _, ok := system.(distro.Archives); ok && strings.HasSuffix(f.name.Value, "."+system.Facts().Type) {
				return system
			}
		}
	}
	return nil
}

// systemOfMarks finds the base's system for a lock that has no packages, and nothing
// but names that the base has to note.
func (s *origin) systemOfMarks(ctx context.Context, locked *lock.Packages) error {
	if s.system != nil || len(locked.Manual) == 0 || s.t.pass.req.Looker == nil || s.t.pass.req.AllowMissing {
		return nil
	}
	base, err := s.lookIntoBase(ctx)
	if err == nil {
		s.system, err = distro.Detect(ctx, s.t.pass.req.Systems, base)
	}
	if err != nil {
		return s.asked.fault(fmt.Errorf("look into the base: %w", err))
	}
	return nil
}

// systemOfSources takes the system of the build file's repositories, unless the base
// has packages of another one.
func (s *origin) systemOfSources(ctx context.Context, base tree.Tree) error {
	r := s.asked.given[s.asked.sources[0]]
	s.system = distro.Find(s.t.pass.req.Systems, s.asked.kind)
	if s.system == nil {
		return s.t.read.errorf(r.Type.Pos, "packages of the type %s can't be resolved by this release", s.asked.kind)
	}
	return s.checkBase(ctx, base, r.Type.Pos)
}

// checkBase refuses a base that has packages of another system than the chosen one,
// which a place of the build file asks for.
func (s *origin) checkBase(ctx context.Context, base tree.Tree, asked spec.Pos) error {
	has, err := s.system.Detect(ctx, base)
	if err != nil {
		return s.asked.fault(fmt.Errorf("look into the base: %w", err))
	}
	if has {
		return nil
	}
	other, err := distro.Detect(ctx, s.t.pass.req.Systems, base)
	if err != nil {
		return s.asked.fault(fmt.Errorf("look into the base: %w", err))
	}
	if other == nil {
		return nil
	}
	key, hint := "repositories", fmt.Sprintf("want repositories of the type %s", other.Facts().Type)
	if len(s.asked.sources) == 0 {
		key, hint = "like", "take an image that has those, too"
	}
	if _, ok := other.(distro.Archives); !ok {
		hint = "leave `" + key + "` out, and it installs packages from where the base is configured to"
	}
	return s.t.read.errorf(asked, "the base's packages are those of %s, not of %s; %s", other.Facts().Name, s.system.Facts().Name, hint)
}

// knownSystems names all systems.
func (s *origin) knownSystems() string {
	var names []string
	for _, system := range s.t.pass.req.Systems {
		names = append(names, system.Facts().Name)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// lookIntoBase opens the package database of the image so far.
func (s *origin) lookIntoBase(ctx context.Context) (tree.Tree, error) {
	so, from := s.t.soFar()
	return s.open(ctx, so, from)
}

// soFar is the image so far: a tree, with the plan that it is in.
func (t *Target) soFar() (*plan.Plan, plan.Tree) {
	partial := *t.image
	so := &plan.Plan{Platform: t.image.Platform, Images: append(t.pass.plan.Images[:len(t.pass.plan.Images):len(t.pass.plan.Images)], &partial)}
	if t.ranInPlace() {
		return so, plan.Tree{Kind: plan.Layers}
	}
	return so, t.image.From
}

// patterns are what of an image any system reads.
func (s *origin) patterns() []string {
	var patterns []string
	for _, system := range s.t.pass.req.Systems {
		patterns = append(patterns, system.Facts().Patterns...)
	}
	return patterns
}

// ranInPlace reports whether a command has changed the image so far, which may have
// installed something.
func (t *Target) ranInPlace() bool {
	for _, l := range t.image.Layers {
		if e, ok := l.Action.(*plan.Exec); ok && !e.Out {
			return true
		}
	}
	return false
}

// fault puts a line of the build file to an error. What isn't about something that
// was asked for is what an archive or the base answers: no fault of the build file,
// though a line of it asks.
func (s *packageRequest) fault(err error) error {
	var about *distro.Error
	if !errors.As(err, &about) {
		fault := s.read.errorf(s.start(), "%w", err)
		fault.External = true
		return fault
	}
	r := s.given[about.Source]
	switch {
	case r != nil && errors.Is(err, distro.ErrNoKeys):
		c := keysOf(about.Source, r)
		fault := s.read.errorf(c.Pos, "there is no %q in %s", about.Source.Keys, c.From.Words())
		if s.near != nil {
			return fault.WithHint(s.near(c))
		}
		return fault
	case r != nil && about.Part == distro.Keys:
		return s.read.errorf(r.SignedBy.Pos, "%w", err)
	case r != nil:
		return s.read.errorf(r.Range.Start, "%w", err)
	case about.Part == distro.Configuration && s.like.IsSet():
		return s.read.errorf(s.like.Pos, "%w", err)
	}
	return s.read.errorf(s.pos(about.Name), "%w", err).WithHint(s.fileHint(about.Name))
}

// keysOf is the file of the context with the keys of a source.
func keysOf(src *distro.Source, r *spec.Repository) plan.Copy {
	return plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: r.SignedBy.Pos}, Path: "/" + src.Keys, Pos: r.SignedBy.Pos}
}

// fileHint is the hint for a name that no package has, and that a file could have.
func (s *packageRequest) fileHint(name string) string {
	if !slices.Contains(s.extensions, path.Ext(name)) || spec.IsPackageFile(name) || strings.Contains(name, ":") {
		return ""
	}
	return fmt.Sprintf("a file of the build context begins with \"./\": did you mean %q?", "./"+strings.TrimLeft(name, "/"))
}
