// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package bases shows layers of packages on bases that have a package manager of their
// own: what apt, dpkg, dnf and the base's configuration say of them, foreign
// architectures, and platforms that are emulated.
package bases

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
