// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

// sources finds images, named contexts and the build context for one platform.
type sources struct {
	*request
	platform ocispecs.Platform
	// found are the trees that were looked up, by what the plan calls them.
	found map[plan.Tree]*source
	// paths are what is used of the contexts, by name; the build context's name is
	// empty.
	paths map[string][]string
	// main is the build context, once it was asked for.
	mainMu sync.Mutex
	main   *bk.State
	// built are the trees of builds of Nix.
	built map[*plan.Exec]bk.State
}

// source is a tree that was looked up.
type source struct {
	tree  plan.Tree
	state bk.State
	image *dockerspec.DockerOCIImage
}

var (
	_ strategy.Bases = (*sources)(nil)
	_ llb.Sources    = (*sources)(nil)
)

func newSources(r *request, p ocispecs.Platform) *sources {
	return &sources{request: r, platform: p, found: map[plan.Tree]*source{}, paths: map[string][]string{}, built: map[*plan.Exec]bk.State{}}
}

// use notes what a plan needs of the contexts, so that nothing else is sent.
func (s *sources) use(p *plan.Plan) { s.paths = plan.ContextPaths(p) }

// Base looks a tree up and pins it.
func (s *sources) Base(ctx context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	src, err := s.look(ctx, t)
	if err != nil {
		return t, nil, err
	}
	return src.tree, src.image, nil
}

// Tree returns the state of a tree.
func (s *sources) Tree(ctx context.Context, t plan.Tree) (bk.State, error) {
	if t.Kind == plan.Main {
		return s.mainContext(ctx)
	}
	src, err := s.look(ctx, t)
	if err != nil {
		return bk.State{}, err
	}
	return src.state, nil
}

// look looks a tree up once, under its first name and its pinned one.
func (s *sources) look(ctx context.Context, t plan.Tree) (*source, error) {
	key := plan.Tree{Kind: t.Kind, Name: t.Name, Platform: t.Platform}
	if src, ok := s.found[key]; ok {
		return src, nil
	}
	src, err := s.find(ctx, t)
	if err != nil {
		return nil, err
	}
	src.tree.Pos = t.Pos
	s.found[key] = src
	s.found[plan.Tree{Kind: src.tree.Kind, Name: src.tree.Name, Platform: src.tree.Platform}] = src
	return src, nil
}

// find looks a tree up where its kind says.
func (s *sources) find(ctx context.Context, t plan.Tree) (*source, error) {
	if t.Kind == plan.Dockerfile {
		return s.fromDockerfile(ctx, t)
	}
	src, err := s.named(ctx, t)
	switch {
	case err != nil || src != nil:
		return src, err
	case t.Kind == plan.Context:
		return nil, fmt.Errorf("there is no context of that name; give one with --build-context %s=PATH", t.Name)
	default:
		return s.fromRegistry(ctx, t)
	}
}

// mainContext is the build context, as far as it is used. It may be asked for at
// the same time as anything else.
func (s *sources) mainContext(ctx context.Context) (bk.State, error) {
	s.mainMu.Lock()
	defer s.mainMu.Unlock()
	if s.main == nil {
		st, err := s.ui.MainContext(ctx, followed(s.paths[""])...)
		if err != nil {
			return bk.State{}, fmt.Errorf("load the build context: %w", err)
		}
		s.main = st
	}
	return *s.main, nil
}

// followed limits a local source to paths; none means all of it.
func followed(paths []string) []bk.LocalOption {
	if len(paths) == 0 {
		return nil
	}
	return []bk.LocalOption{bk.FollowPaths(paths)}
}

// named finds a context that was given under a tree's name; nil when there is
// none. A context called like an image takes the image's place.
func (s *sources) named(ctx context.Context, t plan.Tree) (*source, error) {
	p, err := platforms.Parse(t.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", t.Platform, err)
	}
	nc, err := s.ui.NamedContext(t.Name, dockerui.ContextOpt{
		Platform:    &p,
		ResolveMode: s.ui.ImageResolveMode.String(),
		AsyncLocalOpts: func() []bk.LocalOption {
			return followed(s.paths[t.Name])
		},
	})
	if err != nil || nc == nil {
		return nil, err
	}
	st, img, err := nc.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load context %s: %w", t.Name, err)
	}
	if st == nil {
		return nil, nil //nolint:nilnil // the context turned out to be an image by that name
	}
	return &source{tree: t, state: *st, image: img}, nil
}

// fromRegistry resolves an image and pins it by its digest.
func (s *sources) fromRegistry(ctx context.Context, t plan.Tree) (*source, error) {
	p, err := platforms.Parse(t.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", t.Platform, err)
	}
	resolved, digest, config, err := s.client.ResolveImageConfig(ctx, t.Name, sourceresolver.Opt{
		LogName: "[internal] load metadata for " + t.Name,
		ImageOpt: &sourceresolver.ResolveImageOpt{
			Platform:    &p,
			ResolveMode: s.ui.ImageResolveMode.String(),
		},
	})
	if err != nil {
		return nil, refused(t, err)
	}
	ref, err := reference.ParseNormalizedNamed(resolved)
	if err != nil {
		return nil, fmt.Errorf("parse reference %q: %w", resolved, err)
	}
	if digest != "" {
		if ref, err = reference.WithDigest(ref, digest); err != nil {
			return nil, fmt.Errorf("pin %s: %w", resolved, err)
		}
	}
	img := &dockerspec.DockerOCIImage{}
	if err := json.Unmarshal(config, img); err != nil {
		return nil, fmt.Errorf("read the configuration of %s: %w", t.Name, err)
	}
	out := &source{image: img, tree: t}
	out.tree.Name = ref.String()
	out.state = bk.Scratch()
	if !isEmpty(img) {
		out.state = bk.Image(ref.String(), bk.Platform(p), s.ui.ImageResolveMode,
			bk.WithCustomName("[base] "+t.Name))
	}
	return out, nil
}

// isEmpty tells whether an image has no layers.
func isEmpty(img *dockerspec.DockerOCIImage) bool {
	if len(img.RootFS.DiffIDs) > 0 {
		return false
	}
	for _, h := range img.History {
		if !h.EmptyLayer {
			return false
		}
	}
	return true
}
