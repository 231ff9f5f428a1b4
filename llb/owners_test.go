// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/strata-build/strata/llb"
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

// TestRootOnScratch gives files to root by name where nothing lists users, also after a
// command that shipped something.
func TestRootOnScratch(t *testing.T) {
	for _, owner := range []string{"root:root", "0:root", ":root", "root:0"} {
		got, err := buildFile(t.Context(), odd(), "layers: [{files: [{dest: /x, content: x, owner: \""+owner+"\"}]}]\n", false)
		if err != nil || got.At("/x").UID != 0 || got.At("/x").GID != 0 {
			t.Errorf("%s: %v", owner, err)
		}
	}
	if _, err := buildFile(t.Context(), odd(), "layers: [{files: [{dest: /x, content: x, owner: app}]}]\n", false); err == nil {
		t.Error("a user that nothing lists is no error")
	}
	var text bytes.Buffer
	if err := llb.Dump(&text, graph(t, []byte(`args: {BASE: null}
layers:
  - build: {from: $BASE, run: "true $out"}
  - files: [{dest: /x, content: x, owner: "root:root"}]
`), false)); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^ *\d+ file on \S+\n +mkdir /etc 0755\n\d+ file\n +mkdir /etc 0755\n +copy /etc/passw\[d\] from \d+ `).MatchString(text.String()) {
		t.Errorf("users are looked up where nothing may be:\n%s", text.String())
	}
}
