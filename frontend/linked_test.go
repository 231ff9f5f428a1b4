// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestLinkedSources takes several files below one linked directory, of the build
// context and of another one, and below a link in it: BuildKit sends the first of them
// by itself.
func TestLinkedSources(t *testing.T) {
	h := house.New(t)
	dir := t.TempDir()
	for _, name := range []string{"real/a", "real/b", "real/deep/c", "real/deep/d.txt", "unused/big"} {
		house.Write(t, filepath.Join(dir, name), []byte(name))
	}
	for name, target := range map[string]string{"lnk": "real", "real/in": "deep"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	house.Write(t, filepath.Join(dir, "strata.yaml"), fmt.Appendf(nil, `# syntax=%s
layers:
  - files:
      - {dest: /1/a, source: lnk/a}
      - {dest: /1/b, source: lnk/b}
      - {dest: /1/c, source: lnk/in/c}
      - {dest: /1/txt/, source: "lnk/in/*.txt"}
      - {dest: /2/a, from: "context:other", source: lnk/a}
      - {dest: /2/b, from: "context:other", source: lnk/b}
`, h.Frontend))
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
	h.Each(t, func(t *testing.T, w house.Way) {
		ref := w.Image(t, h, "", "-f", filepath.Join(dir, "strata.yaml"), "--build-context", "other="+dir, dir)
		if diff := cmp.Diff(want, house.Listing(t, house.Unpack(t, h, ref))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
}
