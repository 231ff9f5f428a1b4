// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestDebArchive lets apt itself read an archive.
func TestDebArchive(t *testing.T) {
	a := testenv.NewDebArchive(t,
		testenv.Deb{
			Name: "hello", Version: "1:2.0-1", Arch: "amd64", Fields: map[string]string{"Depends": "hello-data (= 2.0)"},
			Files: map[string]string{"usr/bin/hello": "#!/bin/sh\necho hello\n", "usr/bin/hi": "-> hello"},
		},
		testenv.Deb{Name: "hello-data", Version: "2.0", Files: map[string]string{"usr/share/hello/text": "hello\n"}})
	dir := t.TempDir()
	key := filepath.Join(dir, "key.asc")
	sources := filepath.Join(dir, "sources.list")
	for path, text := range map[string]string{
		key: string(a.Keyring), sources: "deb [signed-by=" + key + "] " + a.URL + " stable main\n", filepath.Join(dir, "status"): "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	apt := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "apt-get", append([]string{
			"-o", "Dir::State=" + dir, "-o", "Dir::State::status=" + filepath.Join(dir, "status"), "-o", "Dir::Cache=" + dir,
			"-o", "Dir::Etc::sourcelist=" + sources, "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Architecture=amd64",
			"-o", "APT::Sandbox::User=root", "-o", "APT::Update::Error-Mode=any",
		}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("apt-get %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	apt("update")
	if out := apt("-s", "install", "hello"); !strings.Contains(out, "Inst hello (1:2.0-1 ") || !strings.Contains(out, "Inst hello-data (2.0 ") {
		t.Errorf("apt-get -s install hello:\n%s", out)
	}
	a.Remove(t, "hello-data")
	resp, err := http.Get(a.URL + "/dists/stable/main/binary-amd64/Packages")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if list, _ := io.ReadAll(resp.Body); strings.Contains(string(list), "hello-data_") {
		t.Errorf("the removed package is still listed:\n%s", list)
	}
}
