// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package locks shows the lock, through the doors: every source in it, what builds without
// a network or with another lock, what was signed, and what provenance and bills of
// materials say of it all.
package locks

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
