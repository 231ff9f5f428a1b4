// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"path/filepath"
	"testing"
)

func TestServersFeedABuild(t *testing.T) {
	files := FileServer(t, map[string][]byte{"/file.txt": []byte("by http\n")})
	repo := GitServer(t, map[string]string{"sub/file.txt": "by git\n"})
	repo.Tag(t, "v1")
	first := repo.Commit
	repo.Add(t, map[string]string{"sub/file.txt": "later\n"})
	if repo.Commit == first {
		t.Error("a second commit has the first one's id")
	}
	dir, out := Dir(t), Dir(t)
	writeFile(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\n"+
		"ADD --checksum="+files.Digest("/file.txt")+" "+files.URL+"/file.txt /http.txt\n"+
		"ADD "+repo.URL+"#v1:sub /git/\n")
	NewBuildx(t, Shared(t)).MustBuild(t, "--output", out, dir)
	if got := Output(t, "cat", filepath.Join(out, "http.txt"), filepath.Join(out, "git", "file.txt")); got != "by http\nby git\n" {
		t.Errorf("the build got %q", got)
	}
	if len(files.Requests()) == 0 || len(repo.Requests()) == 0 {
		t.Error("the recorders saw no request")
	}
}
