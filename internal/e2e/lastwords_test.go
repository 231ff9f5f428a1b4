// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestLastWords shows that what a failed command printed is repeated with the
// error, under the name of its layer, and that the step helper isn't mentioned.
func TestLastWords(t *testing.T) {
	h := newHouse(t)
	for _, a := range testenv.Archives(t, "errors") {
		if !strings.HasPrefix(a.Name, "failing-") {
			continue
		}
		got := h.build(t, "--progress=plain", directory(t, a.Files("flags", "want")))
		at := regexp.MustCompile(`------\n > \[(made )?1/1\] `).FindStringIndex(got.Stderr)
		if at == nil {
			t.Errorf("%s: the error doesn't come with the command's name:\n%s", a.Name, got.Stderr)
			continue
		}
		end := got.Stderr[at[1]:]
		if !strings.Contains(end, "no such thing") && !strings.Contains(end, "installing") {
			t.Errorf("%s: the error doesn't come with the command's last lines:\n%s", a.Name, got.Stderr)
		}
		if got.Code != 1 || strings.Contains(end, "/dev/.strata") {
			t.Errorf("%s: exit status %d, want 1 and the user's command:\n%s", a.Name, got.Code, end)
		}
	}
}
