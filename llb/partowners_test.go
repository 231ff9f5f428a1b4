// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"testing"
)

// TestOwnersOfPartsInOneLayer looks a name up that the base has, where the entries before it
// have no /etc.
func TestOwnersOfPartsInOneLayer(t *testing.T) {
	text := "from: base\nmax_layers: 2\nlayers:\n  - files: [{dest: /srv/a, content: a}]\n  - files: [{dest: /srv/b, content: b, owner: app}]\n"
	got, err := buildFile(t.Context(), odd(), text, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := got.At("/srv/b"); n == nil || n.UID != 1000 || n.GID != 1001 {
		t.Errorf("/srv/b is %+v, want 1000:1001", n)
	}
}
