// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"flag"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// whole says that rows which take minutes are to be tried to their end.
var whole = flag.Bool("whole", false, "try all of it, and not a small part")

func TestMain(m *testing.M) { testenv.Main(m) }
