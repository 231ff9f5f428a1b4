// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"slices"

	"github.com/moby/buildkit/solver/errdefs"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Uncached is the failure of an offline build: something would have to come from
// outside.
type Uncached struct {
	// What is an address or a reference as the build file, or what it names, has it;
	// empty for a command that would be run with a network.
	What string
	// Unpinned says that no cache can have it: someone has to be asked what it is today.
	Unpinned bool
	// Err is what BuildKit said; nil where it wasn't asked.
	Err error
}

// At gives the failure the lines of the build file that want what is missing, unless
// BuildKit said them.
func (u *Uncached) At(lines []*errdefs.Source) error {
	var failed error = u
	if len(errdefs.Sources(u)) > 0 {
		return u
	}
	for _, at := range lines {
		failed = errdefs.WithSource(failed, at)
	}
	return failed
}

// Error says what is missing.
func (u *Uncached) Error() string {
	switch {
	case u.What == "":
		return "this command is not in the cache, and it has a network, which an offline build gives to none; say that it needs none (`network: none`), or build once without --offline"
	case u.Unpinned:
		return u.What + " is not pinned, and an offline build asks no one what it is today; lock it with \"strata lock\", or give its digest"
	}
	return u.What + " is not in the cache, and an offline build fetches nothing; build once without --offline"
}

// Unwrap is what BuildKit said.
func (u *Uncached) Unwrap() error { return u.Err }

// GRPCStatus makes the words the message that crosses the gateway.
func (u *Uncached) GRPCStatus() *status.Status {
	return status.New(codes.Unknown, u.Error())
}

// AsUncached finds the failure of an offline build in an error; nil when there is none.
func AsUncached(err error) *Uncached {
	var u *Uncached
	if errors.As(err, &u) {
		return u
	}
	return nil
}

// uncachedFault says at its line what an offline build would have to fetch.
func (e *Explainer) uncachedFault(u *Uncached, err error) error {
	for _, a := range e.Plan.Archives() {
		if slices.Contains(a.URLs, u.What) {
			return e.external(a.Pos, "fetch %s: %w", a.Name, u)
		}
	}
	if file := findFetch(e.Plan, errdefs.Sources(err), u.What); file != nil {
		return e.external(file.Pos, "%w", u)
	}
	return placed(err, u.Error())
}
