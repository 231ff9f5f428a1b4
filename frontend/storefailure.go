// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// storeFault says what is wrong with an archive of a store path; nil for other
// errors. BuildKit tells how a step ended and not what it said, so the step is
// run once more, in a way that ends well and leaves its words.
func (r *request) storeFault(ctx context.Context, err error, p *plan.Plan, s *sources) error {
	text := err.Error()
	lines := errdefs.Sources(err)
	for _, img := range p.Images {
		for i := range img.Layers {
			layer := &img.Layers[i]
			store, ok := layer.Action.(*plan.Store)
			if !ok || !covers(lines, store.Range.Start.Line) {
				continue
			}
			if fault := r.narFault(ctx, err, store); fault != nil {
				return fault
			}
			if !llb.IsStoreStep(text, store) {
				continue
			}
			report, err := llb.ReportStore(ctx, p, img, layer, r.options(s))
			if err != nil {
				return nil
			}
			said, err := r.prober.ReadFile(ctx, report, llb.StoreReport)
			if err != nil {
				return nil
			}
			return r.derivationFault(store, "%s", said)
		}
	}
	return nil
}

// narFault is what a cache sent in an archive's place.
func (r *request) narFault(ctx context.Context, err error, store *plan.Store) error {
	text := err.Error()
	if _, sums, ok := strings.Cut(text, "digest mismatch "); ok {
		for _, item := range store.Items {
			if item.Digest != "" && strings.Contains(sums, item.Digest) {
				if status := r.answered(ctx, item.URL); status != "" {
					return r.derivationFault(store, "fetch %s: %s answers with status %s", item.Name, item.URL, status)
				}
				return r.derivationFault(store, "unpack %s: %s is not what the cache announced", item.Name, item.URL)
			}
		}
		return nil
	}
	if _, status, ok := strings.Cut(text, "invalid response status "); ok {
		item := archiveAt(err, store)
		return r.derivationFault(store, "fetch %s: %s answers with status %s", item.Name, item.URL, status)
	}
	if item := archiveAt(err, store); isFetchFailure(err) && item.URL != "" {
		return r.derivationFault(store, "fetch %s from %s: %w", item.Name, item.URL, err)
	}
	return nil
}

// archiveAt is the path whose archive could not be fetched; the first one where
// nobody knows which it is.
func archiveAt(err error, store *plan.Store) plan.StorePath {
	var at *addressError
	if errors.As(err, &at) {
		for _, item := range store.Items {
			if item.URL == at.url {
				return item
			}
		}
	}
	return store.Items[0]
}

func (r *request) derivationFault(store *plan.Store, format string, args ...any) *spec.Error {
	fault := r.spec.Errorf(store.Range.Start, "derivation: "+format, args...)
	fault.External = true
	return fault
}
