// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
)

// named finds a context that was given under a tree's name; nil when there is
// none. A context called like an image takes the image's place.
func (t *Trees) named(ctx context.Context, in plan.Tree) (*found, error) {
	return t.finder.loadNamed(ctx, in, func() []bk.LocalOption { return limited(t.parts[in.Name]) })
}

// onlyNames is a named context without the content of its files; nil if it isn't a
// directory of the client.
func (f *Finder) onlyNames(ctx context.Context, name string) *bk.State {
	in := plan.Tree{Kind: plan.Context, Name: name, Platform: platforms.Format(f.daemon.Platform)}
	src, err := f.loadNamed(ctx, in, func() []bk.LocalOption {
		return []bk.LocalOption{bk.MetadataOnlyTransfer(nil), bk.WithCustomName("[internal] look for near names")}
	})
	if err != nil || src == nil || src.image != nil {
		return nil
	}
	return &src.state
}

// loadNamed loads what is given as a context of that name, with options for a directory
// of the client; nil if nothing is.
func (f *Finder) loadNamed(ctx context.Context, in plan.Tree, local func() []bk.LocalOption) (*found, error) {
	p, err := platforms.Parse(in.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", in.Platform, err)
	}
	nc, err := f.daemon.UI.NamedContext(in.Name, dockerui.ContextOpt{
		Platform:       &p,
		ResolveMode:    f.daemon.UI.ImageResolveMode.String(),
		AsyncLocalOpts: local,
	})
	if err != nil || nc == nil {
		return nil, err
	}
	st, img, err := nc.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load context %s: %w", in.Name, err)
	}
	if st == nil {
		return nil, nil //nolint:nilnil // the context turned out to be an image by that name
	}
	return &found{tree: in, state: *st, image: img}, nil
}

// fromRegistry resolves an image and pins it by its digest.
func (t *Trees) fromRegistry(ctx context.Context, in plan.Tree) (*found, error) {
	p, err := platforms.Parse(in.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", in.Platform, err)
	}
	var config []byte
	ref, err := t.finder.pins.resolve(in.Name, func(name string) (ref reference.Named, err error) {
		ref, config, err = t.finder.daemon.resolve(ctx, plan.Tree{Kind: in.Kind, Name: name, Platform: in.Platform}, p)
		return ref, err
	})
	if err != nil {
		return nil, err
	}
	img := &dockerspec.DockerOCIImage{}
	if err := json.Unmarshal(config, img); err != nil {
		return nil, fmt.Errorf("read the configuration of %s: %w", in.Name, err)
	}
	out := &found{image: img, tree: in}
	out.tree.Name = ref.String()
	out.state = bk.Scratch()
	if !isEmpty(img) {
		out.state = bk.Image(ref.String(), bk.Platform(p), t.finder.daemon.UI.ImageResolveMode,
			bk.WithCustomName("[base] "+printable.Line(in.Name)))
	}
	return out, nil
}

// resolve gives an image's reference with its digest, and its configuration.
func (d *Daemon) resolve(ctx context.Context, in plan.Tree, p ocispecs.Platform) (reference.Named, []byte, error) {
	resolved, digest, config, err := d.Client.ResolveImageConfig(ctx, in.Name, sourceresolver.Opt{
		LogName: "[internal] load metadata for " + in.Name,
		ImageOpt: &sourceresolver.ResolveImageOpt{
			Platform:    &p,
			ResolveMode: d.UI.ImageResolveMode.String(),
		},
	})
	if err != nil {
		return nil, nil, fault.Refused(in, err)
	}
	ref, err := reference.ParseNormalizedNamed(resolved)
	if err != nil {
		return nil, nil, fmt.Errorf("parse reference %q: %w", resolved, err)
	}
	if digest != "" {
		if ref, err = reference.WithDigest(ref, digest); err != nil {
			return nil, nil, fmt.Errorf("pin %s: %w", resolved, err)
		}
	}
	return ref, config, nil
}

// isEmpty reports whether an image has no layers.
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
