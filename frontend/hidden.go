// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/llb/plan"
)

// searchHidden looks for files that configuration files of later packages hide. With a
// cache from elsewhere nothing is known: what is in it would be fetched to look.
func (l *looks) searchHidden() {
	if len(l.request.daemon.UI.CacheImports) > 0 {
		return
	}
	for i := range l.lowered.Hidden {
		in := &l.lowered.Hidden[i]
		l.asked.add(in.Search(), func(ctx context.Context, ref client.Reference, dir string, has []*types.Stat) error {
			files, err := filesBelow(ctx, ref, dir, has, filter{}, math.MaxInt)
			for _, file := range slices.Sorted(maps.Keys(files)) {
				l.hidden = append(l.hidden, l.spec.Errorf(putBy(in.Layer, file).Start, plan.HidesFile, in.By[file], file))
			}
			return err
		})
	}
}
