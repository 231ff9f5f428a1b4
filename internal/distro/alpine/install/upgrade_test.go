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

// TestUpgradeLeavesWhatIsProtected upgrades a package to a version that has no files, of
// which someone changed some. What is left is what apk leaves.
func TestUpgradeLeavesWhatIsProtected(t *testing.T) {
	l := newLab(t)
	must(t, os.MkdirAll(filepath.Join(l.root, "etc/apk/protected_paths.d"), 0o755))
	must(t, os.WriteFile(filepath.Join(l.root, "etc/apk/protected_paths.d/a.list"), []byte("srv/*/conf\n-etc/free\n"), 0o644))
	files := map[string]string{"usr/kept": "1"}
	for _, dir := range []string{"etc/", "etc/free/", "srv/app/conf/", "usr/"} {
		files[dir+"changed"], files[dir+"same"], files[dir+"linked"], files[dir+"link"] = "1", "1", "1", "-> there"
	}
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{{Name: "conf", Version: "1-r0", Files: files}}))
	for _, dir := range []string{"etc/", "etc/free/", "srv/app/conf/", "usr/"} {
		at := filepath.Join(l.root, dir)
		must(t, os.WriteFile(filepath.Join(at, "changed"), []byte("mine"), 0o644))
		must(t, os.WriteFile(filepath.Join(at, "same.apk-new"), []byte("newer"), 0o644))
		for _, name := range []string{"linked", "link"} {
			must(t, os.Remove(filepath.Join(at, name)))
			must(t, os.Symlink("mine", filepath.Join(at, name)))
		}
	}
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{{Name: "conf", Version: "2-r0", Files: map[string]string{"usr/kept": "2"}}}))
	for dir, protected := range map[string]bool{"etc/": true, "etc/free/": false, "srv/app/conf/": true, "usr/": false} {
		for name, want := range map[string]bool{"changed": protected, "same": false, "linked": protected, "link": protected, "same.apk-new": !protected} {
			if _, err := os.Lstat(filepath.Join(l.root, dir, name)); (err == nil) != want {
				t.Errorf("%s%s is there: %v, want %v", dir, name, err == nil, want)
			}
		}
	}
}
