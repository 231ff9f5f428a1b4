// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// OfArchives names the package that could not be fetched, with its address and the
// status that it was refused with. Other errors, and nil, are returned as they are.
func OfArchives(ctx context.Context, err error, archives []plan.Archive, status func(ctx context.Context, url string) int) error {
	f := AsFetch(err)
	if f == nil {
		return err
	}
	for _, a := range archives {
		if a.URLs[0] != f.URL && (f.URL != "" || f.Want.String() != a.Digest) {
			continue
		}
		code := f.Status
		if f.Got != "" {
			code = status(ctx, a.URLs[0])
		}
		name := strings.TrimSpace(a.Name + " " + a.Version)
		switch {
		case code != 0:
			return fmt.Errorf("fetch %s: %s answers with status %d", name, a.URLs[0], code)
		case f.Got != "":
			return fmt.Errorf("fetch %s from %s: it is not what the index says: it has %s, and not %s", name, a.URLs[0], f.Got, a.Digest)
		}
		return fmt.Errorf("fetch %s from %s: %w", name, a.URLs[0], f.err)
	}
	return err
}

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
