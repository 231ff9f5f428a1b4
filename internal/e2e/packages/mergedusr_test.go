// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestLayersInMergedDirectories puts files and what commands made where packages on scratch
// have links, before these and after them: nothing of them is lost, and the links stay.
func TestLayersInMergedDirectories(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "site", Version: "1", Files: map[string]string{"bin/theirs": "theirs\n"}})
	dir := h.OnDebian(t, a, "scratch", strings.ReplaceAll(`
  - files: [{dest: /bin/mine, content: "mine\n"}, {dest: /, source: tree/}]
  - build: {from: "BASE", run: "mkdir -p $out/sbin && echo made >$out/sbin/made"}
  - build: {from: "BASE", run: "echo output >/output", outputs: [{source: /output, dest: /lib/output}]}
  - packages: {names: [site], REPOSITORIES}
  - files: [{dest: /bin/later, content: "later\n"}, {dest: /sbin, source: tree/lib/}, {dest: /, source: after/}]
`, "BASE", h.Base))
	house.Write(t, filepath.Join(dir, "tree/lib/deep/file"), []byte("deep\n"))
	house.Write(t, filepath.Join(dir, "after/bin/after"), []byte("after\n"))
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir)...)
		for file, want := range map[string]string{
			"usr/bin/mine": "mine\n", "usr/lib/deep/file": "deep\n", "usr/sbin/made": "made\n", "usr/lib/output": "output\n", "usr/bin/theirs": "theirs\n", "usr/bin/later": "later\n",
			"usr/sbin/deep/file": "deep\n", "usr/bin/after": "after\n", "bin/mine": "mine\n", "sbin/made": "made\n",
		} {
			house.Want(t, file, house.Read(t, out, file), want)
		}
	})
}
