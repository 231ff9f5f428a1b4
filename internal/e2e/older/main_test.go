// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package older shows builds on daemons that can do less than today's: without MergeOp and
// DiffOp, as with an old snapshotter, and without single capabilities.
package older

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
