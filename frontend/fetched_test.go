// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestFetchedFiles puts what servers give into an image: files and archives over
// HTTP with their checksums, and parts of a git repository. All of it has the
// times, owners and modes that it has on every machine.
func TestFetchedFiles(t *testing.T) {
	h := house.New(t)
	archive := testenv.Tar(t, []testenv.Entry{
		{Path: "bin/"},
		{Path: "bin/tool", Data: []byte("#!/bin/sh\n"), Mode: 0o4755},
		{Path: "share/deep/doc", Data: []byte("doc\n"), Mode: 0o600, UID: 12, GID: 13},
		{Path: "share/link", Symlink: "deep/doc"},
	})
	web := testenv.FileServer(t, map[string][]byte{"/plain.txt": []byte("plain\n"), "/tool.tar": archive})
	repo := testenv.GitServer(t, map[string]string{"README": "read me\n", "src/main.c": "int main;\n", "src/test/x.c": "x\n"})
	dir := t.TempDir()
	house.Write(t, filepath.Join(dir, "strata.yaml"), fmt.Appendf(nil, `# syntax=%s
layers:
  - files:
      - {dest: /srv/, url: "%s/plain.txt", checksum: "%s"}
      - {dest: /opt/tool, url: "%s/tool.tar", checksum: "%s", extract: true}
      - {dest: /opt/tool.tar, url: "%s/tool.tar", mode: "0600", owner: "1:2"}
      - {dest: /opt/owned, url: "%s/tool.tar", extract: true, owner: "5"}
      - {dest: /src, git: "%s#main", exclude: ["**/test"]}
      - {dest: /src/by-commit, git: "%s#%s:src"}
`, h.Frontend, web.URL, web.Digest("/plain.txt"), web.URL, web.Digest("/tool.tar"), web.URL, web.URL, repo.URL, repo.URL, repo.Commit))
	const want = `drwxr-xr-x 0:0 0 /opt
drwxr-xr-x 5:5 0 /opt/owned
drwxr-xr-x 5:5 0 /opt/owned/bin
urwxr-xr-x 5:5 0 /opt/owned/bin/tool "#!/bin/sh\n"
drwxr-xr-x 5:5 0 /opt/owned/share
drwxr-xr-x 5:5 0 /opt/owned/share/deep
-rw------- 5:5 0 /opt/owned/share/deep/doc "doc\n"
Lrwxrwxrwx 5:5 0 /opt/owned/share/link -> deep/doc
drwxr-xr-x 0:0 0 /opt/tool
drwxr-xr-x 0:0 0 /opt/tool/bin
urwxr-xr-x 0:0 0 /opt/tool/bin/tool "#!/bin/sh\n"
drwxr-xr-x 0:0 0 /opt/tool/share
drwxr-xr-x 0:0 0 /opt/tool/share/deep
-rw------- 12:13 0 /opt/tool/share/deep/doc "doc\n"
Lrwxrwxrwx 0:0 0 /opt/tool/share/link -> deep/doc
-rw------- 1:2 0 /opt/tool.tar 4096 bytes
drwxr-xr-x 0:0 0 /src
-rw-r--r-- 0:0 0 /src/README "read me\n"
drwxr-xr-x 0:0 0 /src/by-commit
-rw-r--r-- 0:0 0 /src/by-commit/main.c "int main;\n"
drwxr-xr-x 0:0 0 /src/by-commit/test
-rw-r--r-- 0:0 0 /src/by-commit/test/x.c "x\n"
drwxr-xr-x 0:0 0 /src/src
-rw-r--r-- 0:0 0 /src/src/main.c "int main;\n"
drwxr-xr-x 0:0 0 /srv
-rw-r--r-- 0:0 0 /srv/plain.txt "plain\n"
`
	h.Each(t, func(t *testing.T, w house.Way) {
		ref := w.Image(t, h, "", "-f", filepath.Join(dir, "strata.yaml"), dir)
		if diff := cmp.Diff(want, house.Listing(t, house.Unpack(t, h, ref))); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
	t.Run("changed on the server", func(t *testing.T) {
		web := testenv.FileServer(t, map[string][]byte{"/plain.txt": []byte("something else\n")})
		house.Write(t, filepath.Join(dir, "strata.yaml"), fmt.Appendf(nil, "layers:\n  - files: [{dest: /x, url: \"%s/plain.txt\", checksum: \"sha256:%s\"}]\n",
			web.URL, strings.Repeat("0", 64)))
		out, err := h.Strata("-o", filepath.Join(t.TempDir(), "out"), dir)
		if err == nil || !strings.Contains(out, "strata.yaml:2:") || !strings.Contains(out, "checksum") {
			t.Errorf("got %v, want an error about the checksum that names the line:\n%s", err, out)
		}
	})
}
