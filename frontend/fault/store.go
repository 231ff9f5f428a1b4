// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"slices"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// storeFault says what is wrong with an archive of a store path; nil for other
// errors. BuildKit tells how a step ended and not what it said, so the step is
// run once more, in a way that ends well and leaves its words.
func (e *Explainer) storeFault(ctx context.Context, err error) error {
	lines := errdefs.Sources(err)
	f := AsFetch(err)
	for _, img := range e.Plan.Images {
		for i := range img.Layers {
			layer := &img.Layers[i]
			store, ok := layer.Action.(*plan.Store)
			if !ok || !covers(lines, store.Range.Start.Line) {
				continue
			}
			if f != nil {
				if fault := e.narFault(ctx, f, store); fault != nil {
					return fault
				}
			}
			if !llb.IsStoreStep(err.Error(), store) {
				continue
			}
			said, err := e.World.Report(ctx, e.Plan, img, layer)
			if err != nil {
				return nil
			}
			return e.derivationFault(store, "%s", said)
		}
	}
	return nil
}

// narFault is what a cache sent in an archive's place.
func (e *Explainer) narFault(ctx context.Context, f *Fetch, store *plan.Store) error {
	if f.Got != "" {
		i := slices.IndexFunc(store.Items, func(item plan.StorePath) bool { return item.Digest == f.Want.String() })
		if i < 0 {
			return nil
		}
		item := store.Items[i]
		if status := e.World.Status(ctx, item.URL); status != 0 {
			return e.derivationFault(store, "fetch %s: %s answers with status %d", item.Name, item.URL, status)
		}
		return e.derivationFault(store, "unpack %s: %s is not what the cache announced", item.Name, item.URL)
	}
	item := archiveAt(f.URL, store)
	switch {
	case f.Status != 0:
		return e.derivationFault(store, "fetch %s: %s answers with status %d", item.Name, item.URL, f.Status)
	case item.URL != "":
		return e.derivationFault(store, "fetch %s from %s: %w", item.Name, item.URL, f.err)
	default:
		return nil
	}
}

// archiveAt is the path whose archive has an address; the first one where it isn't
// known which it was.
func archiveAt(url string, store *plan.Store) plan.StorePath {
	for _, item := range store.Items {
		if url != "" && item.URL == url {
			return item
		}
	}
	return store.Items[0]
}

func (e *Explainer) derivationFault(store *plan.Store, format string, args ...any) error {
	return e.external(store.Range.Start, "derivation: "+format, args...)
}
