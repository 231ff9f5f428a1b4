// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import "testing"

// Stop ends what c's commands left running, the embedded engine above all. The next
// command that needs the engine starts it again, with the same cache.
func (c *CLI) Stop(t testing.TB) {
	t.Helper()
	if err := endMarked(c.marker()); err != nil {
		t.Fatal(err)
	}
}
