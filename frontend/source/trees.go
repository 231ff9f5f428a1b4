// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"slices"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// Finder is what all platforms of a request share: what one has looked into or let
// the Dockerfile frontend read, the others find.
type Finder struct {
	daemon      *Daemon
	prober      *prober
	dockerfiles *dockerfiles
	pins        *pins
}

// NewFinder gives the finder of a request.
func NewFinder(d *Daemon) *Finder {
	p := &pins{}
	return &Finder{daemon: d, prober: newProber(d), pins: p, dockerfiles: &dockerfiles{daemon: d, pins: p, made: map[plan.Tree]*dockerfile{}}}
}

// Dockerfile finds the place of the build file that names a Dockerfile first.
func (f *Finder) Dockerfile(file string) (pos spec.Pos, ok bool) { return f.dockerfiles.named(file) }

// Trees are the images, named contexts, Dockerfiles and stores of a build file for one
// platform, and its build context.
type Trees struct {
	finder *Finder
	spec   *spec.Spec
	// lowering says how plans are lowered.
	lowering llb.Options
	// found are the trees that were looked up, by what the plan calls them.
	found map[plan.Tree]*found
	// parts are what is used of the contexts, by name; the build context's name is
	// empty.
	parts map[string]plan.Part
	// used is the plan that they are used for; nil until it is made.
	used *plan.Plan
	// hollow are those of which only names are sent.
	hollow hollow
	// followed says that the links on the way to these were looked for.
	followed bool
	// main is the build context, once it was asked for.
	mainMu sync.Mutex
	main   *bk.State
	// names are the same trees where nothing but names is looked at.
	names  *namesWorld
	stores *stores
}

// found is a tree that was looked up.
type found struct {
	tree  plan.Tree
	state bk.State
	image *dockerspec.DockerOCIImage
	// below is the image that a Dockerfile's stage is on; nil for none.
	below *bk.State
	// frontend is the image that read a Dockerfile; empty if the daemon did.
	frontend string
}

var (
	_ strategy.Bases = (*Trees)(nil)
	_ llb.Sources    = (*Trees)(nil)
)

// Trees gives the trees of a build file. The options say how plans are lowered;
// where trees come from is added to them.
func (f *Finder) Trees(s *spec.Spec, o llb.Options) *Trees {
	t := &Trees{finder: f, spec: s, lowering: o, found: map[plan.Tree]*found{}}
	t.names = &namesWorld{world: world{t}, lists: map[string]func() fault.Lister{}}
	t.stores = &stores{trees: t, built: map[*plan.Exec]bk.State{}}
	t.lowering.Sources, t.lowering.Prober, t.lowering.Built = t, f.prober, t.stores.made
	t.lowering.Step, t.lowering.BuildPlatform, t.lowering.Chain = f.daemon.Step, f.daemon.Platform, !f.daemon.Merges()
	caps := f.daemon.Client.BuildOpts().LLBCaps
	t.lowering.FetchesCommits = caps.Supports(pb.CapSourceGitFetchByCommit) == nil
	t.lowering.HashesMounts = caps.Supports(pb.CapExecMountContentCache) != nil
	t.lowering.ChecksGit = caps.Supports(pb.CapSourceGitSignatureVerify) == nil
	return t
}

// Use notes what a plan needs of the contexts, so that nothing else is sent.
func (t *Trees) Use(p *plan.Plan) { t.parts, t.used = plan.ContextParts(p), p }

// Lower makes the graph of a plan. What only another build file mends is an error at
// its place there.
func (t *Trees) Lower(ctx context.Context, p *plan.Plan) (*llb.Result, error) {
	res, err := llb.Lower(ctx, p, t.lowering)
	return res, fault.Mistake(t.spec, err)
}

// Base looks a tree up and pins it.
func (t *Trees) Base(ctx context.Context, in plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	src, err := t.look(ctx, in)
	if err != nil {
		return in, nil, err
	}
	return src.tree, src.image, nil
}

// Tree returns the state of a tree.
func (t *Trees) Tree(ctx context.Context, in plan.Tree) (bk.State, error) {
	if in.Kind == plan.Main {
		return t.mainContext(ctx)
	}
	src, err := t.look(ctx, in)
	if err != nil {
		return bk.State{}, err
	}
	return src.state, nil
}

// look looks a tree up once, under its first name and its pinned one.
func (t *Trees) look(ctx context.Context, in plan.Tree) (*found, error) {
	key := plan.Tree{Kind: in.Kind, Name: in.Name, Platform: in.Platform}
	if src, ok := t.found[key]; ok {
		return src, nil
	}
	src, err := t.find(ctx, in)
	if err != nil {
		return nil, err
	}
	src.tree.Pos = in.Pos
	t.found[key] = src
	t.found[plan.Tree{Kind: src.tree.Kind, Name: src.tree.Name, Platform: src.tree.Platform}] = src
	return src, nil
}

// IsDirectory reports whether a tree that was looked up is one that is no image's, as a
// directory of the client: a context, or what a context of its name has replaced.
func (t *Trees) IsDirectory(in plan.Tree) bool {
	src, ok := t.found[plan.Tree{Kind: in.Kind, Name: in.Name, Platform: in.Platform}]
	return ok && src.image == nil
}

// find looks a tree up where its kind says.
func (t *Trees) find(ctx context.Context, in plan.Tree) (*found, error) {
	if in.Kind == plan.Dockerfile {
		return t.finder.dockerfiles.find(ctx, in, t.spec)
	}
	src, err := t.named(ctx, in)
	switch {
	case err != nil:
		return nil, err
	case src != nil:
		return t.hollowed(ctx, in, src)
	case in.Kind == plan.Context:
		return nil, fmt.Errorf("there is no context of that name; give one with --build-context %s=PATH", in.Name)
	default:
		return t.fromRegistry(ctx, in)
	}
}

// mainContext is the build context, as far as it is used. It may be asked for at
// the same time as anything else.
func (t *Trees) mainContext(ctx context.Context) (bk.State, error) {
	t.mainMu.Lock()
	defer t.mainMu.Unlock()
	if t.main == nil {
		st, err := t.finder.daemon.mainContext(ctx, t.parts[""])
		if err != nil {
			return bk.State{}, fmt.Errorf("load the build context: %w", err)
		}
		t.main = st
	}
	return *t.main, nil
}

// mainContext is a part of the build context.
func (d *Daemon) mainContext(ctx context.Context, part plan.Part) (*bk.State, error) {
	opts := limited(part)
	ignored, err := d.UI.DockerIgnorePatterns(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkIgnored(ignored, d.ignoreFile()); err != nil {
		return nil, err
	}
	if len(part.Exclude) > 0 {
		opts = append(opts, bk.ExcludePatterns(slices.Concat(ignored, part.Exclude)))
	}
	return d.UI.MainContext(ctx, opts...)
}

// limited limits a local source to a part of it, but for what that excludes: what the
// source's own .dockerignore leaves out isn't known here.
func limited(part plan.Part) []bk.LocalOption {
	var opts []bk.LocalOption
	if len(part.Paths) > 0 {
		opts = append(opts, bk.FollowPaths(part.Paths))
	}
	if len(part.Include) > 0 {
		opts = append(opts, bk.IncludePatterns(part.Include))
	}
	return opts
}
