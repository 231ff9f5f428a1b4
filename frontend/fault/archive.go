// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// archiveFault says which package or store path could not be fetched; nil when it
// was something else.
func (e *Explainer) archiveFault(ctx context.Context, f *Fetch) error {
	archives := e.Plan.Archives()
	status := f.Status
	if f.Got != "" && slices.ContainsFunc(archives, func(a plan.Archive) bool { return a.URLs[0] == f.URL }) {
		status = e.World.Status(ctx, f.URL)
	}
	for _, a := range archives {
		name := strings.TrimSpace(a.Name + " " + a.Version)
		switch {
		case status == 0 && f.Got != "" && f.Want.String() == a.Digest:
			return e.external(a.Pos, "fetch %s from %s: it is not what it should be: it has %s, and not %s", name, a.URLs[0], f.Got, a.Digest)
		case f.URL == "" || a.URLs[0] != f.URL:
		case status == 404:
			return e.external(a.Pos, "fetch %s: %s does not have it any more; run \"strata lock --update\", or give a mirror that keeps it", name, f.URL)
		case status != 0:
			return e.external(a.Pos, "fetch %s: %s answers with status %d", name, f.URL, status)
		default:
			return e.external(a.Pos, "fetch %s from %s: %w", name, f.URL, f.err)
		}
	}
	return nil
}
