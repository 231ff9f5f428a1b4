// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// OptOutdated asks for what the lock doesn't have as it is now, as a JSON list of
// [lock.Change]; nothing is written.
const OptOutdated = "strata.outdated"

// outdated lists what moved since the lock was written. What the build file asks for and
// the lock doesn't have is listed as new.
func outdated(ctx context.Context, r *request, s *spec.Spec, old *lock.File) ([]byte, error) {
	if old == nil {
		return nil, fmt.Errorf("%w: there is no %s; run \"strata lock\"", strategy.ErrStaleLock, r.lockName())
	}
	changes, err := moved(ctx, r, s, old)
	if err != nil {
		return nil, err
	}
	if changes == nil {
		changes = []lock.Change{}
	}
	return json.Marshal(changes)
}

// moved is what the lock doesn't have as it is now.
func moved(ctx context.Context, r *request, s *spec.Spec, old *lock.File) ([]lock.Change, error) {
	now := &lockWriter{request: r, spec: s, old: old, made: &lock.File{}, pinner: source.NewPinner(r.daemon), asIs: true, update: []string{"*"}}
	if err := now.write(ctx); err != nil {
		return nil, err
	}
	return lock.Diff(old, now.made), nil
}
