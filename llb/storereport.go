// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// StoreReport is the file that [ReportStore] leaves.
const StoreReport = "/report"

// ReportStore is the step that unpacks a group of store paths, run for what it
// says: a tree with nothing but a file of that.
func ReportStore(ctx context.Context, p *plan.Plan, target *plan.Image, layer *plan.Layer, o Options) (bk.State, error) {
	l := newLowering(p, o)
	a, ok := layer.Action.(*plan.Store)
	if !ok {
		return bk.State{}, fmt.Errorf("report on a layer: %T has no store paths", layer.Action)
	}
	st, err := l.storeTree(ctx, l.ops(target), layer, a, "[internal] find out what is wrong", "--report", StoreReport)
	if err != nil {
		return bk.State{}, &plan.Fault{Range: layer.Range, Err: err}
	}
	return st, nil
}
