// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestSecurity shows that a command has all rights if the build file asks for them and
// the request allows it.
func TestSecurity(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, "  - build: {security: insecure, run: 'grep CapEff /proc/self/status > $out/rights'}\n"+
		"  - build: {run: 'grep CapEff /proc/self/status > $out/none'}\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		text, err := w.Build(house.Flags(dir)...)
		if err == nil {
			t.Fatalf("all rights need no permission:\n%s", text)
		}
		house.Contains(t, text, "security.insecure")
		out := w.Files(t, house.Flags(dir, "--allow", "security.insecure")...)
		if house.Read(t, out, "rights") == house.Read(t, out, "none") {
			t.Errorf("the rights are %q with and without", house.Read(t, out, "none"))
		}
	})
}
