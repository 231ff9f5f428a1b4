// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestReplacedLinks puts files and directories where earlier entries have links, in one
// layer, in a layer for each entry, and in those made one again: they take the links'
// places, and nothing is written where the links lead.
func TestReplacedLinks(t *testing.T) {
	h := house.New(t)
	archive := testenv.Tar(t, []testenv.Entry{{Path: "foo.txt", Data: []byte("archive\n")}, {Path: "dir/"}, {Path: "dir/new", Data: []byte("archive\n")}})
	web := testenv.FileServer(t, map[string][]byte{"/foo.txt": []byte("url\n"), "/some.tar": archive})
	repo := testenv.GitServer(t, map[string]string{"foo.txt": "git\n", "dir/new": "git\n"})
	dir := t.TempDir()
	house.Write(t, filepath.Join(dir, "A", "bar.txt"), []byte("bar\n"))
	house.Write(t, filepath.Join(dir, "C", "dir", "new"), []byte("source\n"))
	for name, to := range map[string]string{"B/foo.txt": "../A/bar.txt", "B/dir": "../A"} {
		if err := os.MkdirAll(filepath.Join(dir, "B"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	entries := []string{
		"{dest: /A/, source: A/}",
		"{dest: /1/, source: B/}", "{dest: /1/foo.txt, source: B/foo.txt}", "{dest: /1/dir/new, content: x}",
		"{dest: /2, source: B}", `{dest: /2/foo.txt, content: "content\n"}`, "{dest: /2, source: C}",
		"{dest: /3, source: B}", fmt.Sprintf("{dest: /3/, url: %q}", web.URL+"/foo.txt"), "{dest: /3/dir/, source: A/bar.txt}",
		"{dest: /4/, source: B}", fmt.Sprintf("{dest: /4, git: %q}", repo.URL+"#main"),
		"{dest: /5, source: B}", fmt.Sprintf("{dest: /5, url: %q, extract: true}", web.URL+"/some.tar"),
		"{dest: /6, source: B}", "{dest: /6/foo.txt, from: " + h.Base + ", source: /etc/group}", "{dest: /6/dir, symlink: elsewhere}",
		"{dest: /7/foo.txt, content: first}", "{dest: /7, source: B}",
	}
	const want = `drwxr-xr-x 0:0 0 /1
drwxr-xr-x 0:0 0 /1/dir
-rw-r--r-- 0:0 0 /1/dir/new "x"
-rw-r--r-- 0:0 0 /1/foo.txt "bar\n"
drwxr-xr-x 0:0 0 /2
drwxr-xr-x 0:0 0 /2/dir
-rw-r--r-- 0:0 0 /2/dir/new "source\n"
-rw-r--r-- 0:0 0 /2/foo.txt "content\n"
drwxr-xr-x 0:0 0 /3
drwxr-xr-x 0:0 0 /3/dir
-rw-r--r-- 0:0 0 /3/dir/bar.txt "bar\n"
-rw-r--r-- 0:0 0 /3/foo.txt "url\n"
drwxr-xr-x 0:0 0 /4
drwxr-xr-x 0:0 0 /4/dir
-rw-r--r-- 0:0 0 /4/dir/new "git\n"
-rw-r--r-- 0:0 0 /4/foo.txt "git\n"
drwxr-xr-x 0:0 0 /5
drwxr-xr-x 0:0 0 /5/dir
-rw-r--r-- 0:0 0 /5/dir/new "archive\n"
-rw-r--r-- 0:0 0 /5/foo.txt "archive\n"
drwxr-xr-x 0:0 0 /6
Lrwxrwxrwx 0:0 0 /6/dir -> elsewhere
-rw-r--r-- 0:0 0 /6/foo.txt "root:x:0:\nstaff:x:50:\napp:x:1000:\n"
drwxr-xr-x 0:0 0 /7
Lrwxrwxrwx 0:0 0 /7/dir -> ../A
Lrwxrwxrwx 0:0 0 /7/foo.txt -> ../A/bar.txt
drwxr-xr-x 0:0 0 /A
-rw-r--r-- 0:0 0 /A/bar.txt "bar\n"
`
	for name, layers := range map[string]string{
		"one layer":   "layers:\n  - files:\n    - " + strings.Join(entries, "\n    - ") + "\n",
		"many layers": "layers:\n  - files: [" + strings.Join(entries, "]\n  - files: [") + "]\n",
		"folded":      "max_layers: 2\nlayers:\n  - files: [" + strings.Join(entries, "]\n  - files: [") + "]\n",
	} {
		t.Run(name, func(t *testing.T) {
			house.Write(t, filepath.Join(dir, "strata.yaml"), []byte("# syntax="+h.Frontend+"\n"+layers))
			got := house.Listing(t, h.Ways()[1].Files(t, house.Flags(dir)...))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}
