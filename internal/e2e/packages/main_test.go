// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package packages shows builds with layers of packages from outside: locks and
// archives, bases of each distribution and scratch, what others log in with, and
// what is hostile or wrong. They are a package of tests of their own because they
// take about a third of the time that builds through the doors take; those on bases with
// a package manager of their own are in the package bases.
package packages

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
