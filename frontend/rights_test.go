// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import "testing"

// TestSecurity shows that a command has all rights if the build file asks for them and
// the request allows it.
func TestSecurity(t *testing.T) {
	h := newHouse(t)
	dir := h.oneLayer(t, "  - build: {security: insecure, run: 'grep CapEff /proc/self/status > $out/rights'}\n"+
		"  - build: {run: 'grep CapEff /proc/self/status > $out/none'}\n")
	h.each(t, func(t *testing.T, w way) {
		text, err := w.build(flags(dir)...)
		if err == nil {
			t.Fatalf("all rights need no permission:\n%s", text)
		}
		contains(t, text, "security.insecure")
		out := w.files(t, flags(dir, "--allow", "security.insecure")...)
		if read(t, out, "rights") == read(t, out, "none") {
			t.Errorf("the rights are %q with and without", read(t, out, "none"))
		}
	})
}
