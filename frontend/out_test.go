// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestNothingInOut builds layers whose commands leave nothing in $out: a warning names
// each, and asks whether $OUT was a slip, which a check asks as well.
func TestNothingInOut(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, `  - name: slip
    build: {from: "{base}", run: "touch $OUT/x"}
  - build: {run: "mkdir -p /tmp/x; : $out"}
  - build: {from: "{base}", run: ": > $out/there"}
  - build: {from: "{base}", run: "OUT=/out; : > $OUT/there"}
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
		house.Contains(t, out, `the layer "slip" is empty: its command left nothing in $out`, `the layer "build mkdir -p /tmp/x; : $out" is empty`,
			"nothing sets $OUT, and the script uses it; did you mean $out?")
		if n := strings.Count(out, "is empty: "); n < 2 || strings.Contains(out, `there" is empty`) {
			t.Errorf("other layers have warnings:\n%s", out)
		}
	})
	for name, ask := range askers(h) {
		if _, all, _ := ask(t, dir, "check"); !strings.Contains(all, "did you mean $out?") {
			t.Errorf("the check of %s doesn't ask:\n%s", name, all)
		}
	}
}
