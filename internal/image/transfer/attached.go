// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/image"
)

// attached is a manifest about another one that comes along.
type attached struct {
	manifest
	// subject is what it is about.
	subject v1.Hash
	// tag says so for what cosign keeps that way, empty for a manifest that has its
	// subject in it.
	tag string
}

// attach lists what is about the root and all that is below it: signatures, lists of
// contents, attestations, and what is about those.
func (l *lister) attach(ctx context.Context) error {
	subjects := append(l.subjects, l.plan.root.Digest)
	known := map[v1.Hash]bool{}
	for range depthLimit {
		found, err := l.referrers(ctx, subjects)
		if err != nil {
			return err
		}
		subjects = nil
		for _, a := range found {
			if known[a.Digest] {
				continue
			}
			known[a.Digest] = true
			subjects = append(subjects, a.Digest)
			if a.raw, err = l.source.Manifest(ctx, a.Descriptor); err != nil {
				return err
			}
			l.plan.attached = append(l.plan.attached, a)
			if l.seen[a.Digest] { // an index lists it, too
				continue
			}
			l.seen[a.Digest] = true
			if err := l.add(ctx, a.Descriptor, a.raw, 0); err != nil {
				return err
			}
			l.plan.manifests = append(l.plan.manifests, a.manifest)
		}
		if len(subjects) == 0 {
			return nil
		}
	}
	return fmt.Errorf("referrers of referrers, more than %d deep", depthLimit)
}

// referrers asks for what is about some manifests, concurrently.
func (l *lister) referrers(ctx context.Context, subjects []v1.Hash) ([]attached, error) {
	found := make([][]image.Referrer, len(subjects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(manifestsAtOnce)
	for i, subject := range subjects {
		group.Go(func() (err error) {
			found[i], err = l.source.Referrers(ctx, subject)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []attached
	for i, subject := range subjects {
		for _, r := range found[i] {
			all = append(all, attached{manifest: manifest{Descriptor: r.Descriptor}, subject: subject, tag: r.Tag})
		}
	}
	return all, nil
}
