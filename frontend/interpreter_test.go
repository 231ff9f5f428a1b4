// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestMissingInterpreter runs a script for a program that the image doesn't have: the error
// names it, where runtimes say that the script isn't there.
func TestMissingInterpreter(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, "  - build:\n      out: true\n      run: |\n        #!/usr/bin/python3 -u\n        print()\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		text, err := w.Build(house.Flags(dir)...)
		if err == nil {
			t.Fatalf("a script without its program is no error:\n%s", text)
		}
		house.Contains(t, text, "the script's first line names /usr/bin/python3, which isn't in "+h.Base)
	})
}
