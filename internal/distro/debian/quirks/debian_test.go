// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(text), 0o644))
}

// scriptOf is a maintainer script of a package as Debian has it today; empty for
// none.
func scriptOf(t *testing.T, p testenv.DebianPackage, script string) string {
	t.Helper()
	res, err := http.Get(p.URL) //nolint:gosec,noctx // the machine's own archive
	must(t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("fetch a package: %s, %v", res.Status, err)
	}
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/deb", data, 0o644))
	testenv.Output(t, "dpkg-deb", "--control", dir+"/deb", dir+"/control")
	text, err := os.ReadFile(dir + "/control/" + script)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}
