// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"strings"
	"testing"
)

// TestMergedTwice merges a map that has a key twice, of which neither may be dropped.
func TestMergedTwice(t *testing.T) {
	data := "x-a: &a {dest: /a, dest: /b, content: x}\nlayers: [{files: [{<<: *a}, {<<: *a, mode: 0600}]}]\n"
	_, err := Parse("strata.yaml", []byte(data))
	if err == nil || !strings.Contains(err.Error(), `duplicate key "dest"`) {
		t.Errorf("a key that comes twice in a merged map: got %v, want a fault", err)
	}
	over := "x-a: &a {dest: /a, content: x}\nx-b: &b {dest: /b, mode: 0600}\nlayers: [{files: [{<<: [*a, *b], dest: /c}]}]\n"
	if _, err := Parse("strata.yaml", []byte(over)); err != nil {
		t.Errorf("keys of maps that are merged over each other: %v", err)
	}
}
