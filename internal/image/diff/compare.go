// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/rootfs"
)

// Options say what is compared. The zero value compares everything.
type Options struct {
	// Platform is the only one to compare; nil for all that there are.
	Platform *v1.Platform
	// Ignore are aspects of files that do not count, of those of Aspects.
	Ignore []string
}

// Result is how two images differ.
type Result struct {
	A         string     `json:"a"`
	B         string     `json:"b"`
	Platforms []Platform `json:"platforms"`
}

// Equal reports whether nothing differs.
func (r *Result) Equal() bool {
	return !slices.ContainsFunc(r.Platforms, func(p Platform) bool { return !p.Equal() })
}

// Platform is how the images for one platform differ.
type Platform struct {
	Platform string `json:"platform"`
	// Only is "a" or "b" when just that one has the platform.
	Only string `json:"only,omitempty"`
	// Digests are those of the manifests, of A and B.
	Digests [2]string `json:"digests"`
	// Manifest and Config are the values that differ, by their paths in the JSON;
	// layers and the configuration's digest are left out.
	Manifest []Value `json:"manifest,omitempty"`
	Config   []Value `json:"config,omitempty"`
	Layers   []Layer `json:"layers,omitempty"`
	Files    []File  `json:"files,omitempty"`
}

// Equal reports whether nothing differs.
func (p Platform) Equal() bool {
	differs := slices.ContainsFunc(p.Layers, func(l Layer) bool { return l.Only != "" })
	return p.Only == "" && !differs && len(p.Manifest) == 0 && len(p.Config) == 0 && len(p.Files) == 0
}

// Compare compares what two sources hold.
func Compare(ctx context.Context, a, b *image.Source, o Options) (*Result, error) {
	r := &Result{A: a.Name.String(), B: b.Name.String()}
	left, err := images(ctx, a, o.Platform)
	if err != nil {
		return nil, err
	}
	right, err := images(ctx, b, o.Platform)
	if err != nil {
		return nil, err
	}
	if len(left)+len(right) == 0 && a.Root.Digest != b.Root.Digest {
		return nil, fmt.Errorf("neither %s nor %s has an image", a.Name, b.Name)
	}
	waiting := map[string][]int{} // those of right, by their names
	for i, d := range right {
		waiting[name(d)] = append(waiting[name(d)], i)
	}
	taken := make([]bool, len(right))
	for _, l := range left {
		p := Platform{Platform: name(l), Only: "a", Digests: [2]string{l.Digest.String(), ""}}
		if same := waiting[p.Platform]; len(same) > 0 {
			at := same[0]
			waiting[p.Platform], taken[at] = same[1:], true
			p.Only, p.Digests[1] = "", right[at].Digest.String()
			if err := p.compare(ctx, side{a, l}, side{b, right[at]}, o); err != nil {
				return nil, err
			}
		}
		r.Platforms = append(r.Platforms, p)
	}
	for i, d := range right {
		if !taken[i] {
			r.Platforms = append(r.Platforms, Platform{Platform: name(d), Only: "b", Digests: [2]string{"", d.Digest.String()}})
		}
	}
	return r, nil
}

// images are the images to compare.
func images(ctx context.Context, s *image.Source, p *v1.Platform) ([]v1.Descriptor, error) {
	if p == nil {
		return s.Images(ctx)
	}
	d, err := s.Select(ctx, p)
	return []v1.Descriptor{d}, err
}

func name(d v1.Descriptor) string {
	if d.Platform == nil {
		return "unknown"
	}
	return platforms.FormatAll(platforms.Normalize(ocispecs.Platform{
		OS: d.Platform.OS, Architecture: d.Platform.Architecture, Variant: d.Platform.Variant, OSVersion: d.Platform.OSVersion,
	}))
}

// side is one of the two images.
type side struct {
	source *image.Source
	d      v1.Descriptor
}

// compare fills in what differs.
func (p *Platform) compare(ctx context.Context, a, b side, o Options) error {
	if a.d.Digest == b.d.Digest {
		return nil
	}
	var images [2]v1.Image
	var layers [2][]rootfs.Layer
	for i, s := range []side{a, b} {
		var err error
		if images[i], err = s.source.ImageOf(ctx, s.d); err != nil {
			return err
		}
		if layers[i], err = rootfs.Layers(images[i]); err != nil {
			return fmt.Errorf("%s: %w", s.source.Name, err)
		}
	}
	if err := p.compareJSON(images); err != nil {
		return err
	}
	p.Layers = compareLayers(layers[0], layers[1])
	if slices.EqualFunc(layers[0], layers[1], func(l, r rootfs.Layer) bool { return l.DiffID == r.DiffID }) {
		return nil
	}
	trees, err := rootfs.Digests(ctx, layers[0], layers[1])
	if err != nil {
		return fmt.Errorf("compare %s with %s: %w", a.source.Name, b.source.Name, err)
	}
	p.Files = compareTrees(trees[0], trees[1], o.Ignore)
	return nil
}

// compareJSON compares manifests and configurations.
func (p *Platform) compareJSON(images [2]v1.Image) error {
	var manifests, configs [2][]byte
	for i, im := range images {
		var err error
		if manifests[i], err = im.RawManifest(); err != nil {
			return err
		}
		if configs[i], err = im.RawConfigFile(); err != nil {
			return err
		}
	}
	var err error
	if p.Manifest, err = compareValues(manifests[0], manifests[1], func(path string) bool {
		return strings.HasPrefix(path, "layers") || path == "config.digest" || path == "config.size"
	}); err != nil {
		return fmt.Errorf("compare manifests: %w", err)
	}
	if p.Config, err = compareValues(configs[0], configs[1], func(path string) bool {
		return strings.HasPrefix(path, "rootfs.")
	}); err != nil {
		return fmt.Errorf("compare configurations: %w", err)
	}
	return nil
}

// Layer is a layer of one of the images, or of both.
type Layer struct {
	// Only is "a" or "b", empty for a layer that both have.
	Only   string `json:"only,omitempty"`
	Digest string `json:"digest"`
	DiffID string `json:"diff_id"`
}

// compareLayers lists the layers in order: the equal ones at the bottom, those
// of A, those of B, the equal ones on top.
func compareLayers(a, b []rootfs.Layer) []Layer {
	bottom := 0
	for bottom < min(len(a), len(b)) && a[bottom].Name == b[bottom].Name {
		bottom++
	}
	top := 0
	for top < min(len(a), len(b))-bottom && a[len(a)-1-top].Name == b[len(b)-1-top].Name {
		top++
	}
	var out []Layer
	add := func(only string, layers []rootfs.Layer) {
		for _, l := range layers {
			out = append(out, Layer{Only: only, Digest: l.Name, DiffID: l.DiffID})
		}
	}
	add("", a[:bottom])
	add("a", a[bottom:len(a)-top])
	add("b", b[bottom:len(b)-top])
	add("", a[len(a)-top:])
	return out
}
