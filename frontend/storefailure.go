// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
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
			if fault := r.narFault(text, store); fault != nil {
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
func (r *request) narFault(text string, store *plan.Store) error {
	if _, sums, ok := strings.Cut(text, "digest mismatch "); ok {
		for _, item := range store.Items {
			if item.Digest != "" && strings.Contains(sums, item.Digest) {
				return r.derivationFault(store, "unpack %s: %s is not what the cache announced", item.Name, item.URL)
			}
		}
		return nil
	}
	if _, status, ok := strings.Cut(text, "invalid response status "); ok {
		return r.derivationFault(store, "fetch an archive of %s: the server answers with status %s", store.Items[0].Name, status)
	}
	return nil
}

func (r *request) derivationFault(store *plan.Store, format string, args ...any) *spec.Error {
	fault := r.spec.Errorf(store.Range.Start, "derivation: "+format, args...)
	fault.External = true
	return fault
}
