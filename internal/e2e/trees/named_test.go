// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/plan"
)

// TestNamedOfTheBase names a package that the base has as the need of others: nothing
// is installed, and apt-mark says that it is manual now.
func TestNamedOfTheBase(t *testing.T) {
	h := newHouse(t)
	for name, chain := range map[string]bool{"merged": false, "chained": true} {
		t.Run(name, func(t *testing.T) {
			install := &plan.Install{Format: "deb", Installer: plan.Register, Wanted: []string{"libext2fs2"}}
			var manual string
			err := h.build(h.ask(h.lower(t, chain, install), "apt-mark showmanual"), func(r io.Reader) error {
				text, err := io.ReadAll(r)
				manual = string(text)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(strings.Fields(manual), "libext2fs2") {
				t.Errorf("apt-mark showmanual: %s", manual)
			}
		})
	}
}
