// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fhs

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// TestTables holds the tables to their form: no directory twice, none without its
// parent, which a layer would have to guess.
func TestTables(t *testing.T) {
	all := strings.Fields(linked + plain + usual)
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("a directory is there twice: %q", all)
	}
	for _, set := range []Directories{Basic(), Standard()} {
		for name := range set {
			if !path.IsAbs(name) || path.Clean(name) != name {
				t.Errorf("%q is not a clean path", name)
			}
			if parent := path.Dir(name); parent != "/" && !set[parent] {
				t.Errorf("%s is there and %s isn't", name, parent)
			}
		}
	}
	if Basic()["/usr/share/doc"] || !Standard()["/usr/share/doc"] || Standard()["/tmp"] || Standard()["/root"] {
		t.Error("/usr/share/doc is standard and not linked+plain; /tmp and /root have other modes")
	}
}
