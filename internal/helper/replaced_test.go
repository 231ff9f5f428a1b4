// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPlaceReportsWhatItReplaces puts a tree over a base, part of it through a link of
// the base, and reads what it says of that.
func TestPlaceReportsWhatItReplaces(t *testing.T) {
	base := build(t,
		"f 0755 0:0 /usr/bin/tool old", "l 0:0 /bin usr/bin", "l 0:0 /usr/local/bin/same /s/a", "l 0:0 /usr/local/bin/other /s/a",
		"f 0644 0:0 /usr/local/share/d/f x", "f 0644 0:0 /usr/local/etc file",
	)
	tree := build(t,
		"l 0:0 /bin/tool /s/tool", "l 0:0 /usr/local/bin/same /s/a", "l 0:0 /usr/local/bin/other /s/b", "l 0:0 /usr/local/bin/new /s/n",
		"l 0:0 /usr/local/share/d /s/d", "l 0:0 /usr/local/etc/app /s/e",
	)
	dst, report := t.TempDir(), filepath.Join(t.TempDir(), "replaced")
	if status, errs := callMain("place", "--skeleton", skeletonOf(t, base), "--base", base, "--report", report, tree, dst); status != 0 {
		t.Fatal(errs)
	}
	data, err := os.ReadFile(report)
	must(t, err)
	const want = `["/usr/bin/tool","/usr/local/bin/other","/usr/local/etc","/usr/local/share/d"]`
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}
