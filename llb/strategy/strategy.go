// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package strategy decides what a build file means for one target and platform.
//
// [Plan] walks the targets that the wanted one needs, expands names, pins bases
// and lets the strategy of each layer say, as a plan.Action, what to do. A
// strategy never touches BuildKit: it decides, package llb does.
package strategy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Strategy turns a layer of the build file into planned layers.
type Strategy interface {
	Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error)
}

// of returns what plans the layers of a strategy.
func of(s spec.Strategy) (Strategy, error) {
	switch s.(type) {
	case *spec.Packages:
		return packages{}, nil
	case *spec.Files:
		return files{}, nil
	case *spec.Build:
		return build{}, nil
	case *spec.Derivation:
		return derivation{}, nil
	}
	return nil, fmt.Errorf("plan layer: unknown strategy %T", s)
}

// Bases looks up what a plan stands on.
type Bases interface {
	// Base returns the tree with its digest where it is an image, and the
	// configuration of that image; the configuration is nil where there is none.
	Base(ctx context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error)
}

// Looker looks into trees while a plan is made.
type Looker interface {
	// Look opens what of a tree matches .dockerignore patterns. Targets are those of
	// the plan, and the image so far is the plan's last one.
	Look(ctx context.Context, p *plan.Plan, t plan.Tree, patterns []string) (tree.Tree, error)
}

// Request says what to plan.
type Request struct {
	Spec *spec.Spec
	// Target is the wanted target; empty is "default".
	Target string
	// Platform is the wanted platform, BuildPlatform the one that steps run on
	// natively.
	Platform, BuildPlatform ocispecs.Platform
	// BuildArgs are the values given for arguments.
	BuildArgs map[string]string
	// Labels are put over the target's.
	Labels map[string]string
	// Bases may be nil when no base is anything but scratch.
	Bases Bases
	// Looker and Fetch are what packages are resolved with, and Checker how they are
	// installed. They may be nil when the build file has none.
	Looker  Looker
	Fetch   fetch.Fetcher
	Checker Checker
	// Logins fetches from servers that want a login; nil where none can.
	Logins LoginFetcher
	// Signatures checks those of files that a lock is written for; nil checks none.
	Signatures SignatureChecker
	// Near says, for a hint, what a file that isn't there may have been meant to be, or
	// nothing; nil says nothing.
	Near func(ctx context.Context, c plan.Copy) string
	// Systems are the package systems, in the order in which a base is asked for
	// them; nil is all that Strata has.
	Systems []distro.System
	// FetchBy is who fetches archives whatever the build file says, as spec.ParseFetch reads
	// it; empty is whom the build file names.
	FetchBy string
	// Lock says what packages were resolved to before.
	Lock Locking
	// Now is the time that archives' signatures are checked at.
	Now time.Time
	// Stores opens exported stores; it may be nil when there are none.
	Stores Stores
	// Absent is the fault of a build file that takes what isn't in a context, as far as
	// that is known without a look into files; nil where nothing is.
	Absent func(ctx context.Context, c plan.Copy) error
	// AllowMissing lets arguments that must be given be missing, for requests that
	// only look at the build file.
	AllowMissing bool
	// Warn is told of what is odd but no fault; nil drops it.
	Warn func(*spec.Error)
}

// Plan decides everything about the wanted target.
func Plan(ctx context.Context, r Request) (*plan.Plan, error) {
	if r.Target == "" {
		r.Target = spec.DefaultTarget
	}
	if r.Warn == nil {
		r.Warn = func(*spec.Error) {}
	}
	if r.Systems == nil {
		r.Systems = systems.All()
	}
	p := &planner{req: r, making: map[string]bool{}, vars: map[string]spec.Vars{}, images: map[string]*plan.Image{}, counts: map[*plan.Image]int{}}
	if p.req.Spec.Target(r.Target) == nil {
		return nil, p.unknownTarget(spec.String{Value: r.Target})
	}
	platform := platforms.FormatAll(platforms.Normalize(r.Platform))
	p.plan = &plan.Plan{Platform: platform}
	if _, err := p.image(ctx, spec.String{Value: r.Target}, platform); err != nil {
		return nil, err
	}
	return p.plan, nil
}

// planner is one call of Plan.
type planner struct {
	req    Request
	plan   *plan.Plan
	making map[string]bool
	vars   map[string]spec.Vars
	// images are those of the plan, by target and platform.
	images map[string]*plan.Image
	// counts are how many layers they have, with those of their bases.
	counts map[*plan.Image]int
	// toldUnlocked says that the user knows that packages aren't locked.
	toldUnlocked bool
}

// Target is a target while its layers are planned.
type Target struct {
	// pass is the call of Plan that it is needed for.
	pass *planner
	// described is the target as the build file has it.
	described *spec.Target
	image     *plan.Image
	// platform is the one that was asked for, which the target's own may not be.
	platform string
	read     reader
	// packages are all of the target, once its first packages layer is planned.
	packages *packageSet
	// accounts are its users and groups, until they are put on; early are those that are,
	// if they refer to others that packages may yet bring.
	accounts, early *plan.Accounts
}

// image plans a target for a platform, once.
func (p *planner) image(ctx context.Context, name spec.String, platform string) (*plan.Image, error) {
	key := name.Value + " " + platform
	if img := p.images[key]; img != nil {
		return img, nil
	}
	described := p.req.Spec.Target(name.Value)
	if described == nil {
		return nil, p.unknownTarget(name)
	}
	if p.making[key] {
		return nil, p.req.Spec.Errorf(name.Pos, "target %s needs itself", name.Value)
	}
	p.making[key] = true
	defer delete(p.making, key)
	vars, err := p.varsFor(platform)
	if err != nil {
		return nil, err
	}
	t := &Target{pass: p, described: described, read: reader{file: p.req.Spec, vars: vars}, platform: platform, image: &plan.Image{
		Target: name.Value, Platform: platform, Range: described.Range,
	}}
	if err := t.build(ctx); err != nil {
		return nil, err
	}
	if name.Value == p.req.Target {
		if p.plan.Tests, err = t.planTests(); err != nil {
			return nil, err
		}
	}
	p.plan.Images = append(p.plan.Images, t.image)
	p.images[key], p.counts[t.image] = t.image, t.baseLayers()+countLayers(t.image.Layers)
	return t.image, nil
}

// build plans the base, the layers and the configuration.
func (t *Target) build(ctx context.Context) error {
	if err := t.planPlatform(); err != nil {
		return err
	}
	from, err := t.tree(t.described.From, t.image.Platform)
	if err != nil {
		return err
	}
	if from.Kind == plan.Target { // which has a platform of its own, or that of all
		from.Platform = t.platform
	}
	if from.Kind == plan.Main || from.Kind == plan.Layers {
		return t.read.errorf(t.described.From.Pos, "a target can't be made from %q", t.described.From.Value)
	}
	if t.image.From, t.image.Base, err = t.base(ctx, from); err != nil {
		return err
	}
	if err := t.checkBase(t.image.From, t.image.Base); err != nil {
		return err
	}
	if t.image.Base != nil {
		t.read.vars = t.read.vars.Below(environment(t.image.Base.Config.Env).table())
	}
	if err := t.planAccounts(); err != nil {
		return err
	}
	for i := range t.described.Layers {
		l := &t.described.Layers[i]
		how, err := of(l.Strategy())
		if err != nil {
			return err
		}
		made, err := how.Plan(ctx, t, l)
		if err != nil {
			return err
		}
		if runsInImage(made) {
			t.addAccounts()
		}
		t.image.Layers = append(t.image.Layers, made...)
		t.packagesCame(made)
	}
	t.endAccounts()
	if t.image.Layers, err = t.fit(t.image.Layers); err != nil {
		return err
	}
	return t.configure()
}

// planPlatform reads what the target is for, where it says so. Arguments stay those of
// the platform that was asked for.
func (t *Target) planPlatform() error {
	if !t.described.Platform.IsSet() {
		return nil
	}
	var err error
	if t.image.Platform, err = t.read.platform(t.described.Platform); err == nil && t.image.Platform != t.platform {
		t.image.Asked = t.platform
	}
	return err
}

// base plans or looks up a tree that something stands on.
func (t *Target) base(ctx context.Context, from plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	switch from.Kind {
	case plan.Scratch:
		return from, nil, nil
	case plan.Target:
		img, err := t.pass.image(ctx, spec.String{Value: from.Name, Pos: from.Pos}, from.Platform)
		if err != nil {
			return from, nil, err
		}
		return from, &img.Config, nil
	default:
		return t.pass.look(ctx, from)
	}
}

// look asks Bases, with the place in the build file on errors.
func (p *planner) look(ctx context.Context, from plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	if p.req.Bases == nil {
		return from, nil, p.req.Spec.Errorf(from.Pos, "look up %s: nothing can look up images here", from.Name)
	}
	tree, img, err := p.req.Bases.Base(ctx, from)
	if err != nil {
		name := from.Name
		if from.Kind == plan.Dockerfile {
			name = "dockerfile:" + name
		}
		fault := p.req.Spec.Errorf(from.Pos, "look up %s: %w", name, err)
		fault.External = from.Kind == plan.Registry
		return from, nil, fault.WithHint(p.targetCalled(from))
	}
	tree.Pos = from.Pos // a tree that was looked up before has the place of its first use
	return tree, img, p.pinImages(ctx, from, tree)
}

// targetCalled is a hint for an image that has the name of a target; empty for another one.
func (p *planner) targetCalled(in plan.Tree) string {
	if in.Kind != plan.Registry {
		return ""
	}
	for i := range p.req.Spec.Targets {
		name := p.req.Spec.Targets[i].Name
		if named, err := reference.ParseNormalizedNamed(name); err == nil && reference.TagNameOnly(named).String() == in.Name {
			return fmt.Sprintf("the target of that name is from: target:%s", name)
		}
	}
	return ""
}

func (p *planner) unknownTarget(name spec.String) error {
	names := make([]string, 0, len(p.req.Spec.Targets))
	for i := range p.req.Spec.Targets {
		names = append(names, p.req.Spec.Targets[i].Name)
	}
	slices.Sort(names)
	err := p.req.Spec.Errorf(name.Pos, "unknown target %q; the build file has %s", name.Value, spell.List(names, "and"))
	if hint := spell.DidYouMean(name.Value, names); hint != "" {
		err = err.WithHint(hint)
	}
	return err
}

// runsInImage reports whether one of some layers runs a command in the image so far.
func runsInImage(layers []plan.Layer) bool {
	return slices.ContainsFunc(layers, func(l plan.Layer) bool {
		e, ok := l.Action.(*plan.Exec)
		return ok && e.From.Kind == plan.Layers
	})
}

// ranBefore reports whether a command in place comes before a layer: what it ran on has
// the accounts of the target.
func ranBefore(t *spec.Target, l *spec.Layer) bool {
	for i := range t.Layers {
		switch before := &t.Layers[i]; {
		case before == l:
			return false
		case before.Strategy().RunsInImage():
			return true
		}
	}
	return false
}

// refersElsewhere reports whether accounts name others that aren't among them.
func refersElsewhere(a *plan.Accounts) bool {
	users, groups := map[string]bool{}, map[string]bool{}
	for _, u := range a.Users {
		if _, err := strconv.Atoi(u.Group); err != nil {
			return true
		}
		users[u.Name] = true
	}
	for _, g := range a.Groups {
		groups[g.Name] = true
	}
	return slices.ContainsFunc(a.Members, func(m plan.Member) bool { return !groups[m.Group] || !users[m.User] })
}
