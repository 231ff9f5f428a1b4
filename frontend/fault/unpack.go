// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// unpackFault says what is wrong with an archive; nil when the failure is about
// something else.
func (e *Explainer) unpackFault(ctx context.Context, err error) error {
	if !place.IsUnpackStep(err.Error()) {
		return nil
	}
	img, entry := findExtract(e.Plan, errdefs.Sources(err))
	if entry == nil {
		return nil
	}
	said, err := e.World.Unpack(ctx, e.Plan, img, entry)
	if err != nil {
		return nil
	}
	if entry.HTTP != nil {
		return e.external(entry.HTTP.Pos, "unpack %s: %s", entry.HTTP.URL, said)
	}
	return e.Spec.Errorf(entry.Copy.Pos, "unpack %s of %s: %s", strings.TrimPrefix(entry.Copy.Path, "/"), entry.Copy.From.Words(), said)
}

// findExtract finds the first entry within lines that is unpacked, and its image; nil if
// there is none.
func findExtract(p *plan.Plan, lines []*errdefs.Source) (*plan.Image, *plan.Entry) {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			files, ok := l.Action.(*plan.Files)
			if !ok {
				continue
			}
			for i := range files.Entries {
				if entry := &files.Entries[i]; entry.Extract && covers(lines, entry.Range.Start.Line) {
					return img, entry
				}
			}
		}
	}
	return nil, nil
}
