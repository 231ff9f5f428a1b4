// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/spec"
)

// replaced are warnings of files of the base that links to store paths replace. With a
// cache from elsewhere nothing is known: what is in it would be fetched to look.
func replaced(ctx context.Context, d *source.Daemon, s *spec.Spec, made *llb.Result) ([]*spec.Error, error) {
	if len(d.UI.CacheImports) > 0 {
		return nil, nil
	}
	var found []*spec.Error
	for _, linked := range made.Linked {
		ref, err := d.Solve(ctx, linked.State)
		if err != nil {
			return nil, err
		}
		data, err := source.ReadWhole(ctx, ref, place.Replaced)
		if err != nil {
			return nil, fmt.Errorf("read what links replace: %w", err)
		}
		var paths []string
		if err := json.Unmarshal(data, &paths); err != nil {
			return nil, fmt.Errorf("read what links replace: %w", err)
		}
		if len(paths) == 0 {
			continue
		}
		e := s.ErrorfRange(linked.Layer.Range, "link replaces %s of the base", spell.List(paths, "and")).
			WithHint("link into another directory, or take out of the base what isn't needed")
		e.Rule = lint.LinkHidesFile
		found = append(found, e)
	}
	return found, nil
}
