// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// StoreReport is the file that [ReportStore] leaves.
const StoreReport = "/report"

// IsStoreStep tells whether a message of BuildKit is about the step that unpacks
// these paths.
func IsStoreStep(message string, a *plan.Store) bool {
	_, args, ok := strings.Cut(message, stepPath+" store ")
	return ok && strings.Contains(args, " "+a.Items[0].Name+",")
}

// ReportStore is the step that unpacks a group of store paths, run for what it
// says: a tree with nothing but a file of that.
func ReportStore(ctx context.Context, p *plan.Plan, target *plan.Image, layer *plan.Layer, o Options) (bk.State, error) {
	l := &lowering{Options: o, images: map[*plan.Image]*image{}, plan: p, trees: map[string]bk.State{}}
	img := &image{lowering: l, plan: target, stores: map[*plan.Store]bk.State{}}
	return img.storeStep(ctx, layer, layer.Action.(*plan.Store), "[internal] find out what is wrong", "--report", StoreReport)
}
