// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"strings"
	"testing"
)

// TestLastWords shows that what a failed command printed is repeated with the
// error, under the name of its layer, and that the step helper isn't mentioned.
func TestLastWords(t *testing.T) {
	h := newHouse(t)
	for _, a := range archives(t, "errors") {
		if !strings.HasPrefix(a.name, "failing-") {
			continue
		}
		got := h.build(t, "--progress=plain", a.unpack(t, "flags", "want"))
		_, end, ok := strings.Cut(got.Stderr, "------\n > [1/1] ")
		if !ok || !strings.Contains(end, "main.c:3: no such thing") && !strings.Contains(end, "installing") {
			t.Errorf("%s: the error doesn't come with the command's last lines:\n%s", a.name, got.Stderr)
		}
		if got.Code != 1 || strings.Contains(end, "/dev/.strata") {
			t.Errorf("%s: exit status %d, want 1 and the user's command:\n%s", a.name, got.Code, end)
		}
	}
}
