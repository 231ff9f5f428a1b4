// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLinkedSources takes several files below one linked directory, of the build
// context and of another one, and below a link in it: BuildKit sends the first of them
// by itself.
func TestLinkedSources(t *testing.T) {
	h := newHouse(t)
	dir := t.TempDir()
	for _, name := range []string{"real/a", "real/b", "real/deep/c", "real/deep/d.txt", "unused/big"} {
		write(t, filepath.Join(dir, name), []byte(name))
	}
	for name, target := range map[string]string{"lnk": "real", "real/in": "deep"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "strata.yaml"), fmt.Appendf(nil, `# syntax=%s
layers:
  - files:
      - {dest: /1/a, source: lnk/a}
      - {dest: /1/b, source: lnk/b}
      - {dest: /1/c, source: lnk/in/c}
      - {dest: /1/txt/, source: "lnk/in/*.txt"}
      - {dest: /2/a, from: "context:other", source: lnk/a}
      - {dest: /2/b, from: "context:other", source: lnk/b}
`, h.frontend))
	const want = `drwxr-xr-x 0:0 0 /1
-rw-r--r-- 0:0 0 /1/a "real/a"
-rw-r--r-- 0:0 0 /1/b "real/b"
-rw-r--r-- 0:0 0 /1/c "real/deep/c"
drwxr-xr-x 0:0 0 /1/txt
-rw-r--r-- 0:0 0 /1/txt/d.txt "real/deep/d.txt"
drwxr-xr-x 0:0 0 /2
-rw-r--r-- 0:0 0 /2/a "real/a"
-rw-r--r-- 0:0 0 /2/b "real/b"
`
	h.each(t, func(t *testing.T, w way) {
		ref := w.image(t, h, "", "-f", filepath.Join(dir, "strata.yaml"), "--build-context", "other="+dir, dir)
		if diff := cmp.Diff(want, listing(t, unpack(t, h, ref))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
}
