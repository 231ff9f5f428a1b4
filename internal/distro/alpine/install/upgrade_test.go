// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestUpgradeToWhereALinkLeads upgrades a package that had lib/a.so to one that has
// usr/lib/a.so, where /lib leads to usr/lib.
func TestUpgradeToWhereALinkLeads(t *testing.T) {
	l := newLab(t)
	must(t, os.MkdirAll(filepath.Join(l.root, "usr/lib"), 0o755))
	must(t, os.Symlink("usr/lib", filepath.Join(l.root, "lib")))
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{{Name: "libs", Version: "1-r0", Files: map[string]string{"lib/a.so": "1", "lib/gone.so": "1"}}}))
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{{Name: "libs", Version: "2-r0", Files: map[string]string{"usr/lib/a.so": "2"}}}))
	if got, err := os.ReadFile(filepath.Join(l.root, "usr/lib/a.so")); string(got) != "2" {
		t.Errorf("the file is %q, %v", got, err)
	}
	if _, err := os.Lstat(filepath.Join(l.root, "usr/lib/gone.so")); err == nil {
		t.Error("a file that the new version has no more is still there")
	}
}
