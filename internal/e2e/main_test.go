// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e shows what a user sees from outside: what comes out of a build,
// what is built again, what an error says, and what a failed build leaves.
package e2e

import (
	"flag"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func TestMain(m *testing.M) { testenv.Main(m) }
