// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestLockOutdated lists newer tags of an image and of a repository, a newer package, and
// what moved, and writes nothing.
func TestLockOutdated(t *testing.T) {
	h := house.New(t)
	debs := house.Hello(t)
	files := newFilesServer(t, "1\n")
	git := testenv.GitServer(t, map[string]string{"a": "1\n"})
	git.Tag(t, "v1.2.0")
	image := testenv.BusyboxImage(t, h.Registry, "outdated:1-small", testenv.BusyboxTweaks{})
	dir := h.PackagesProject(t, debs, "other")
	house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(house.Read(t, dir, "strata.yaml")+`targets:
  app:
    from: `+image+`
    layers:
      - files:
          - {dest: /tagged, git: "`+git.URL+`#v1.2.0"}
          - {dest: /branch, git: "`+git.URL+`#main"}
          - {dest: /file, url: "`+files.url+`"}
`))
	h.MustLock(t, debs, dir)
	locked := house.Read(t, dir, "strata.lock")
	if status, out := h.Lock(t, debs, dir, "--outdated", "--progress=quiet"); status != 0 || out != "" {
		t.Errorf("a lock of today is outdated: status %d\n%s", status, out)
	}

	for _, tag := range []string{"2-small", "3-small", "10-small", "4", "11-large", "1-small"} {
		testenv.BusyboxImage(t, h.Registry, "outdated:"+tag, testenv.BusyboxTweaks{Release: tag + "\n"})
	}
	git.Add(t, map[string]string{"a": "2\n"})
	git.Tag(t, "v1.10.0")
	git.Tag(t, "v1.9.9")
	git.Tag(t, "v2")
	files.set("2\n")
	debs.Add(t, testenv.Deb{Name: "other", Version: "4"})
	status, out := h.Lock(t, debs, dir, "--outdated", "--progress=quiet")
	if status != 0 {
		t.Errorf("status %d", status)
	}
	house.Contains(t, out,
		"image "+image+": 10-small is newer\n", "image "+image+": from sha256:", "git "+git.URL+"#v1.2.0: v1.10.0 is newer\n",
		"git "+git.URL+"#main: from ", "to "+git.Commit+"\n", "url "+files.url+": from sha256:", "package other:all of default for linux/amd64: from 3 to 4\n")
	if n := strings.Count(out, "\n"); n != 6 {
		t.Errorf("%d lines, want 6:\n%s", n, out)
	}

	status, out = h.Lock(t, debs, dir, "--outdated", "--json", "--progress=quiet")
	var all []map[string]string
	if err := json.Unmarshal([]byte(out), &all); err != nil || status != 0 || len(all) != 6 {
		t.Fatalf("status %d, %v:\n%s", status, err, out)
	}
	want := map[string]string{"kind": "image", "name": image, "from": "1-small", "to": "10-small", "what": "tag"}
	for key, value := range want {
		house.Want(t, key+" of the first", all[0][key], value)
	}
	house.Want(t, "the lock", house.Read(t, dir, "strata.lock"), locked)
}
