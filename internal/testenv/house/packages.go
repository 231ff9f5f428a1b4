// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/lock"
)

// Hello is an archive with a package that needs another one.
func Hello(t *testing.T) *testenv.DebArchive {
	return testenv.NewDebArchive(t,
		testenv.Deb{
			Name: "hello", Version: "1:2.0-1", Arch: "amd64", Fields: map[string]string{"Depends": "hello-data (>= 2)"},
			Files: map[string]string{"usr/bin/hello": "#!/bin/sh\ncat /usr/share/hello/text\n"},
		},
		testenv.Deb{Name: "hello-data", Version: "2.0", Files: map[string]string{"usr/share/hello/text": "hello\n"}},
		testenv.Deb{Name: "other", Version: "3", Files: map[string]string{"usr/share/other": "other\n"}},
	)
}

// PackagesProject is a project on scratch whose packages come from an archive.
func (h *House) PackagesProject(t *testing.T, a *testenv.DebArchive, names string) string {
	t.Helper()
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
args: {MIRROR: null}
layers:
  - packages:
      names: [`+names+`]
      repositories:
        - {type: deb, uri: $MIRROR, suites: [stable], components: [main], signed_by: key.asc}
`)
	Write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	return dir
}

// Lock runs "strata lock" on the shared daemon and returns its status.
func (h *House) Lock(t *testing.T, a *testenv.DebArchive, dir string, more ...string) (int, string) {
	t.Helper()
	cmd := h.CLI.Command(append([]string{"lock", "--progress=plain", "--build-arg", "MIRROR=" + a.URL, dir}, more...)...)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
	out, err := cmd.CombinedOutput()
	if _, ok := err.(*exec.ExitError); err != nil && !ok { //nolint:errorlint // it is not wrapped
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// MustLock runs "strata lock" and ends the test if that fails.
func (h *House) MustLock(t *testing.T, a *testenv.DebArchive, dir string, more ...string) {
	t.Helper()
	if status, out := h.Lock(t, a, dir, more...); status != 0 {
		t.Fatalf("strata lock: exit status %d\n%s", status, out)
	}
}

// LockedNames are the packages that the lock of a directory has for the default target on linux/amd64, as
// NAME VERSION.
func LockedNames(t *testing.T, dir string) []string {
	t.Helper()
	f, err := lock.Read("strata.lock", []byte(Read(t, dir, "strata.lock")))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range f.Platform("default", "linux/amd64").Packages.Packages {
		out = append(out, p.Name+" "+p.Version)
	}
	return out
}
