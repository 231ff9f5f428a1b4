// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
)

// plan is what a copy has to bring, and in which order.
type plan struct {
	// root is what gets the name.
	root v1.Descriptor
	// rootRaw are its bytes.
	rootRaw []byte
	// blobs are layers and configurations, each once.
	blobs []v1.Descriptor
	// foreign are layers that are not copied.
	foreign []v1.Descriptor
	// manifests come after what they name; root is not among them.
	manifests []manifest
	// attached are those of the manifests that are about others.
	attached []attached
	// there says that the place has root itself, but perhaps not the name.
	there bool
}

// manifest is a manifest or an index.
type manifest struct {
	v1.Descriptor
	raw []byte
}

// depthLimit is how many indexes deep a copy goes.
const depthLimit = 8

// bytes is the size of all blobs.
func (p *plan) bytes() int64 {
	var sum int64
	for _, d := range p.blobs {
		sum += d.Size
	}
	return sum
}

// makePlan lists what root needs and the place lacks.
func makePlan(ctx context.Context, l *lister, root v1.Descriptor, referrers bool) (*plan, error) {
	raw, err := l.source.Manifest(ctx, root)
	if err != nil {
		return nil, err
	}
	p := &plan{root: root, rootRaw: raw}
	l.plan, l.seen, l.foreign, l.needed = p, map[v1.Hash]bool{}, map[v1.Hash]bool{}, map[v1.Hash]needed{}
	if p.there, err = l.to.hasRoot(ctx, root); err != nil {
		return nil, err
	}
	if !p.there || root.MediaType.IsIndex() {
		if err := l.add(ctx, root, raw, 0); err != nil {
			return nil, err
		}
	}
	if referrers {
		if err := l.attach(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// lister walks down from the root.
type lister struct {
	source *image.Source
	// dst is the name of the place to.
	dst  image.Name
	to   place
	plan *plan
	seen map[v1.Hash]bool
	// foreign are the layers that were seen and are not copied.
	foreign map[v1.Hash]bool
	// subjects are the manifests that were seen.
	subjects []v1.Hash
	// needed are the manifests to look at: images that the place has not, and all
	// indexes, which prove nothing about what they list.
	needed map[v1.Hash]needed
}

// needed is a manifest to look at.
type needed struct {
	raw []byte
	// there says that the place has it.
	there bool
}

// manifestsAtOnce is how many manifests are on their way at once.
const manifestsAtOnce = 8

// add lists what a manifest names.
func (l *lister) add(ctx context.Context, d v1.Descriptor, raw []byte, depth int) error {
	if depth > depthLimit {
		return fmt.Errorf("indexes in indexes, more than %d deep", depthLimit)
	}
	switch {
	case d.MediaType.IsIndex():
		index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("read index %s: %w", d.Digest, err)
		}
		if err := l.fetch(ctx, index.Manifests); err != nil {
			return err
		}
		for _, child := range index.Manifests {
			if err := l.child(ctx, child, depth); err != nil {
				return err
			}
		}
		return nil
	case d.MediaType.IsImage():
		return l.image(d, raw)
	}
	return fmt.Errorf("%s is not an image but %s", d.Digest, d.MediaType)
}

// fetch reads those manifests of an index that are to be looked at, concurrently.
func (l *lister) fetch(ctx context.Context, children []v1.Descriptor) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(manifestsAtOnce)
	var mu sync.Mutex
	asked := map[v1.Hash]bool{}
	for _, d := range children {
		if asked[d.Digest] || !d.MediaType.IsIndex() && !d.MediaType.IsImage() || l.isFromThere(d) {
			continue
		}
		asked[d.Digest] = true
		group.Go(func() error {
			has, err := l.to.has(ctx, d)
			if err != nil || has && d.MediaType.IsImage() {
				return err
			}
			raw, err := l.source.Manifest(ctx, d)
			if err != nil {
				return lacks(l.source, d, err)
			}
			mu.Lock()
			defer mu.Unlock()
			l.needed[d.Digest] = needed{raw, has}
			return nil
		})
	}
	return group.Wait()
}

// isFromThere reports whether a manifest is in the place already because that is where
// it is from: another name for an index, or a change of it, needs nothing that it lists,
// be it there or not.
func (l *lister) isFromThere(d v1.Descriptor) bool {
	from := l.source.Origin(d)
	switch {
	case from.Transport != l.dst.Transport:
		return false
	case from.Transport == image.Registry:
		return from.Ref.Name() == l.dst.Ref.Name()
	}
	return from.Transport == image.Layout && from.Path == l.dst.Path
}

// child lists an entry of an index. One that is neither image nor index is a
// blob.
func (l *lister) child(ctx context.Context, d v1.Descriptor, depth int) error {
	if l.seen[d.Digest] {
		return nil
	}
	l.seen[d.Digest] = true
	if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
		if !l.isFromThere(d) {
			l.plan.blobs = append(l.plan.blobs, d)
		}
		return nil
	}
	l.subjects = append(l.subjects, d.Digest)
	n, ok := l.needed[d.Digest]
	if !ok {
		return nil
	}
	if err := l.add(ctx, d, n.raw, depth+1); err != nil {
		return err
	}
	if !n.there {
		l.plan.manifests = append(l.plan.manifests, manifest{d, n.raw})
	}
	return nil
}

// lacks says that a source has an index, but not all that it lists.
func lacks(s *image.Source, d v1.Descriptor, err error) error {
	if !errors.Is(err, registry.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	what := d.Digest.String()
	if d.Platform != nil {
		what = d.Platform.String() + ", " + what
	}
	return fmt.Errorf("%s lists %s, but does not have it; \"strata copy --platform\" copies one that is there: %w", s.Origin(d), what, err)
}

// image lists the blobs of an image. A layer that its licence keeps where it is
// stays there.
func (l *lister) image(d v1.Descriptor, raw []byte) error {
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("read manifest %s: %w", d.Digest, err)
	}
	for _, b := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		switch {
		case l.seen[b.Digest]:
		case !image.IsForeign(b):
			l.seen[b.Digest] = true
			l.plan.blobs = append(l.plan.blobs, b)
		case !l.foreign[b.Digest]:
			l.foreign[b.Digest] = true
			l.plan.foreign = append(l.plan.foreign, b) // another image may have it as a layer like any other
		}
	}
	return nil
}
