// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// ErrNotBuilt says that this version reads a strategy but doesn't build it.
var ErrNotBuilt = errors.New("this version of Strata reads it but does not build it yet")

// derivation is the strategy that ships store paths.
type derivation struct{}

var _ Strategy = derivation{}

// Plan refuses the layer.
func (derivation) Plan(_ context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	return nil, t.Spec.Errorf(l.Derivation.Range.Start, "derivation: %w; copy the store with a files layer for now", ErrNotBuilt)
}
