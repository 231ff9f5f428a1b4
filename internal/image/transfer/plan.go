// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
)

// plan is what a copy has to bring, and in which order.
type plan struct {
	// root is what gets the name.
	root v1.Descriptor
	// rootRaw are its bytes.
	rootRaw []byte
	// blobs are layers and configurations, each once.
	blobs []v1.Descriptor
	// manifests come after what they name; root is not among them.
	manifests []manifest
	// whole says that the place has all of root, but perhaps not the name.
	whole bool
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
func makePlan(ctx context.Context, s *image.Source, root v1.Descriptor, to place) (*plan, error) {
	raw, err := s.Manifest(ctx, root)
	if err != nil {
		return nil, err
	}
	p := &plan{root: root, rootRaw: raw}
	if p.whole, err = to.hasRoot(ctx, root); err != nil || p.whole {
		return p, err
	}
	l := &lister{source: s, to: to, plan: p, seen: map[v1.Hash]bool{}, lacking: map[v1.Hash][]byte{}}
	return p, l.add(ctx, root, raw, 0)
}

// lister walks down from the root.
type lister struct {
	source *image.Source
	to     place
	plan   *plan
	seen   map[v1.Hash]bool
	// lacking are manifests that the place has not.
	lacking map[v1.Hash][]byte
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
	return fmt.Errorf("%s is no image but %s", d.Digest, d.MediaType)
}

// fetch reads those manifests of an index that the place lacks, side by side.
func (l *lister) fetch(ctx context.Context, children []v1.Descriptor) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(manifestsAtOnce)
	var mu sync.Mutex
	for _, d := range children {
		if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
			continue
		}
		group.Go(func() error {
			if has, err := l.to.has(ctx, d); err != nil || has {
				return err
			}
			raw, err := l.source.Manifest(ctx, d)
			mu.Lock()
			defer mu.Unlock()
			l.lacking[d.Digest] = raw
			return err
		})
	}
	return group.Wait()
}

// child lists an entry of an index. One that is neither image nor index is a
// blob.
func (l *lister) child(ctx context.Context, d v1.Descriptor, depth int) error {
	if l.seen[d.Digest] {
		return nil
	}
	l.seen[d.Digest] = true
	if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
		l.plan.blobs = append(l.plan.blobs, d)
		return nil
	}
	raw := l.lacking[d.Digest]
	if raw == nil {
		return nil
	}
	if err := l.add(ctx, d, raw, depth+1); err != nil {
		return err
	}
	l.plan.manifests = append(l.plan.manifests, manifest{d, raw})
	return nil
}

// image lists the blobs of an image. A layer that its licence keeps where it is
// stays there.
func (l *lister) image(d v1.Descriptor, raw []byte) error {
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("read manifest %s: %w", d.Digest, err)
	}
	for _, b := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		if l.seen[b.Digest] || !b.MediaType.IsDistributable() && len(b.URLs) > 0 {
			continue
		}
		l.seen[b.Digest] = true
		l.plan.blobs = append(l.plan.blobs, b)
	}
	return nil
}
