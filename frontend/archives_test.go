// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestArchives unpacks what zip, tar and the compressions make, from servers and from
// the context, whole and in parts, onto a base and after a command.
func TestArchives(t *testing.T) {
	h := house.New(t)
	dir := t.TempDir()
	house.Write(t, filepath.Join(dir, "tool-1.2", "bin", "tool"), []byte("#!/bin/sh\n"))
	house.Write(t, filepath.Join(dir, "tool-1.2", "share", "doc"), []byte("doc\n"))
	pack := exec.Command("sh", "-c", "umask 022; chmod -R go=u-w . && chmod 755 tool-1.2/bin/tool && zip -qr tool.zip tool-1.2 && gzip -k tool-1.2/share/doc && mv tool-1.2/share/doc.gz ."+
		" && mkdir many && tar -C tool-1.2 --owner=7 --group=8 -cJf many/a.tar.xz bin && tar -C tool-1.2 -c --owner=0 --group=0 share | zstd -q > many/b.tar.zst")
	pack.Dir = dir
	if out, err := pack.CombinedOutput(); err != nil {
		t.Fatalf("pack: %v\n%s", err, out)
	}
	web := testenv.FileServer(t, map[string][]byte{"/get": []byte(house.Read(t, dir, "doc.gz")), "/tool.zip": []byte(house.Read(t, dir, "tool.zip"))})
	house.Write(t, filepath.Join(dir, "strata.yaml"), fmt.Appendf(nil, `# syntax=%s
from: %s
layers:
  - files:
      - {dest: /a/zip, url: "%s/tool.zip?x=1#y", extract: true, strip: 1}
      - {dest: /a/part/, url: "%s/tool.zip", extract: true, include: ["*/bin/tool"], strip: 2, owner: "5"}
      - {dest: /a/bin/, url: "%s/get?name=named.gz", extract: true}
      - {dest: /a/alone, source: doc.gz, extract: true, mode: "0755"}
      - {dest: /a/many/, source: "many/*", extract: true}
      - {dest: /etc/, source: doc.gz, extract: true}
  - build: {run: "mkdir /a/after"}
  - files:
      - {dest: /a/after/, source: "many/a.*", extract: true}
      - {dest: /a/after, source: tool.zip, extract: true, exclude: ["**/bin"], strip: 1}
`, h.Frontend, h.Base, web.URL, web.URL, web.URL))
	const want = `drwxr-xr-x 0:0 0 /a/after
drwxr-xr-x 7:8 0 /a/after/bin
-rwxr-xr-x 7:8 0 /a/after/bin/tool "#!/bin/sh\n"
drwxr-xr-x 0:0 0 /a/after/share
-rw-r--r-- 0:0 0 /a/after/share/doc "doc\n"
-rwxr-xr-x 0:0 0 /a/alone "doc\n"
drwxr-xr-x 0:0 0 /a/bin
-rw-r--r-- 0:0 0 /a/bin/named "doc\n"
drwxr-xr-x 0:0 0 /a/many
drwxr-xr-x 7:8 0 /a/many/bin
-rwxr-xr-x 7:8 0 /a/many/bin/tool "#!/bin/sh\n"
drwxr-xr-x 0:0 0 /a/many/share
-rw-r--r-- 0:0 0 /a/many/share/doc "doc\n"
drwxr-xr-x 5:5 0 /a/part
-rwxr-xr-x 5:5 0 /a/part/tool "#!/bin/sh\n"
drwxr-xr-x 0:0 0 /a/zip
drwxr-xr-x 0:0 0 /a/zip/bin
-rwxr-xr-x 0:0 0 /a/zip/bin/tool "#!/bin/sh\n"
drwxr-xr-x 0:0 0 /a/zip/share
-rw-r--r-- 0:0 0 /a/zip/share/doc "doc\n"
-rw-r--r-- 0:0 0 /etc/doc "doc\n"
`
	h.Each(t, func(t *testing.T, w house.Way) {
		ref := w.Image(t, h, "", "-f", filepath.Join(dir, "strata.yaml"), dir)
		if diff := cmp.Diff(want, linesWith(house.Listing(t, house.Unpack(t, h, ref)), " /a/", " /etc/doc")); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
}

// linesWith are the lines of a text that have one of some words.
func linesWith(text string, words ...string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) }) {
			b.WriteString(line)
		}
	}
	return b.String()
}
