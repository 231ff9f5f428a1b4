// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestContainersFiles finds the files beside registries.conf in homes whose names have what
// means something in a pattern.
func TestContainersFiles(t *testing.T) {
	for _, name := range []string{"home", "a[b]", "a[b", `a\b`} {
		home := filepath.Join(t.TempDir(), name)
		dir := filepath.Join(home, ".config", "containers", "registries.conf.d")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		want := []string{filepath.Join(dir, "a.conf"), filepath.Join(dir, "b.conf")}
		for _, file := range append(want, filepath.Join(dir, "c")) {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found := containersFiles(func(v string) (string, bool) { return home, v == "HOME" })
		if len(found) < 2 || !slices.Equal(found[len(found)-2:], want) {
			t.Errorf("%s: found %q, want %q in the end", name, found, want)
		}
	}
}
