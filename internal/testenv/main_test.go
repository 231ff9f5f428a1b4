// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import "testing"

func TestMain(m *testing.M) { Main(m) }
