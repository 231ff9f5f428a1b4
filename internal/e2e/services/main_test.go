// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package services shows tests of build files that start the image's program and ask
// it, through every door.
package services

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
