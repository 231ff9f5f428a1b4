// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"fmt"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// Archive is the failure to fetch a package.
type Archive struct {
	Package plan.Archive
	// Status is the HTTP status that the server refused with; 0 for none.
	Status int
	fetch  *Fetch
}

// Error names the package and its address.
func (a *Archive) Error() string {
	name, url := a.name(), a.Package.URLs[0]
	switch {
	case a.Status != 0:
		return fmt.Sprintf("fetch %s: %s answers with status %d", name, url, a.Status)
	case a.fetch.Got != "":
		return fmt.Sprintf("fetch %s from %s: it is not what it should be: it has %s, and not %s", name, url, a.fetch.Got, a.Package.Digest)
	}
	return fmt.Sprintf("fetch %s from %s: %v", name, url, a.fetch)
}

// name is the package with its version, where that is known.
func (a *Archive) name() string { return strings.TrimSpace(a.Package.Name + " " + a.Package.Version) }

// Unwrap is the failure to fetch.
func (a *Archive) Unwrap() error { return a.fetch }

// OfArchives makes the failure to fetch one of these packages an [Archive]. Other
// errors, and nil, are returned as they are. status asks a server what it answers for
// an address: what isn't the package may be its page about an error.
func OfArchives(ctx context.Context, err error, archives []plan.Archive, status func(ctx context.Context, url string) int) error {
	if a := asArchive(ctx, AsFetch(err), archives, status); a != nil {
		return a
	}
	return err
}

// asArchive finds the package that a failure to fetch is about; nil when it is none of
// these.
func asArchive(ctx context.Context, f *Fetch, archives []plan.Archive, status func(ctx context.Context, url string) int) *Archive {
	if f == nil {
		return nil
	}
	for _, p := range archives {
		if p.Copy != nil || p.URLs[0] != f.URL && (f.Got == "" || f.Want.String() != p.Digest) {
			continue
		}
		a := &Archive{Package: p, Status: f.Status, fetch: f}
		if f.Got != "" {
			a.Status = status(ctx, p.URLs[0])
		}
		return a
	}
	return nil
}

// archiveFault says which package could not be fetched, at the line that asks for it;
// nil when it was something else.
func (e *Explainer) archiveFault(ctx context.Context, f *Fetch) error {
	a := asArchive(ctx, f, e.Plan.Archives(), e.World.Status)
	switch {
	case a == nil:
		return nil
	case a.Status == 404:
		return e.external(a.Package.Pos, "fetch %s: %s does not have it any more; run \"strata lock --update\", or give a mirror that keeps it", a.name(), a.Package.URLs[0])
	}
	return e.external(a.Package.Pos, "%w", a)
}
