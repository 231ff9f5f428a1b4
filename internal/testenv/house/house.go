// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// House is everything that the doors need. The tests of a package share all
// of it but the two clients.
type House struct {
	Registry *testenv.Registry
	Daemon   *testenv.Daemon
	Buildx   *testenv.Buildx
	CLI      *testenv.CLI
	Frontend string
	Base     string
}

// New makes the house of a test, which from there on runs beside others: what
// a test puts into the shared parts has names of its own.
func New(t *testing.T) *House {
	t.Helper()
	t.Parallel()
	h := &House{Registry: testenv.SharedRegistry(t), Daemon: testenv.Shared(t)}
	h.Buildx = testenv.NewBuildx(t, h.Daemon)
	h.CLI = testenv.Strata(t)
	h.Frontend = testenv.SharedFrontend(t)
	h.Base = testenv.SharedBase(t)
	return h
}
