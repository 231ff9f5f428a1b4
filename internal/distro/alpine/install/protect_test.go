// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestKeepsFilesThatApkProtects puts packages on a base whose owner changed files. What is
// wanted is what "apk add" of apk 3.0.6 leaves.
func TestKeepsFilesThatApkProtects(t *testing.T) {
	l := newLab(t)
	must(t, l.install(Skip, []string{"conf"}, testenv.APK{Name: "conf", Version: "1-r0", Files: map[string]string{
		"etc/changed": "1", "etc/kept": "1", "etc/same": "1", "etc/gone": "1", "etc/linked": "1", "usr/changed": "1", "srv/app/etc/x": "1", "etc/free/x": "1",
	}}))
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		at := filepath.Join(l.root, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		_ = os.Remove(at)
		must(t, os.WriteFile(at, []byte(text), mode))
		must(t, os.Chmod(at, mode))
	}
	write("etc/changed", "mine", 0o600)
	write("etc/same", "2", 0o640)
	write("etc/new", "mine", 0o644)
	write("usr/changed", "mine", 0o644)
	write("srv/app/etc/x", "mine", 0o644)
	write("etc/free/x", "mine", 0o644)
	write("etc/apk/protected_paths.d/a.list", "# more\n-etc/free\nsrv/*/etc\n", 0o644)
	write("etc/apk/protected_paths.d/a.txt", "usr\n", 0o644)
	must(t, os.Remove(filepath.Join(l.root, "etc/gone")))
	must(t, os.Remove(filepath.Join(l.root, "etc/linked")))
	must(t, os.Symlink("elsewhere", filepath.Join(l.root, "etc/linked")))

	base := t.TempDir()
	must(t, exec.CommandContext(t.Context(), "cp", "-a", l.root+"/.", base).Run())
	out, err := l.unpack("", testenv.APK{Name: "conf", Version: "2-r0", Files: map[string]string{
		"etc/changed": "2", "etc/kept": "2", "etc/same": "2", "etc/gone": "2", "etc/linked": "2", "etc/new": "2", "usr/changed": "2", "srv/app/etc/x": "2", "etc/free/x": "2",
	}})
	must(t, err)
	must(t, exec.CommandContext(t.Context(), "cp", "-a", "--remove-destination", out+"/.", l.root).Run())
	opt := Options{Meta: l.meta, Scripts: Skip, Root: l.root, Base: base}
	must(t, Protect(opt))
	must(t, Install(t.Context(), opt))
	for name, want := range map[string]string{
		"etc/changed": "mine", "etc/changed.apk-new": "2", "etc/kept": "2", "etc/kept.apk-new": "", "etc/same": "2", "etc/same.apk-new": "", "etc/gone": "2",
		"etc/new": "mine", "etc/new.apk-new": "2", "etc/linked.apk-new": "2", "usr/changed": "2", "usr/changed.apk-new": "", "srv/app/etc/x": "mine", "srv/app/etc/x.apk-new": "2",
		"etc/free/x": "2", "etc/free/x.apk-new": "",
	} {
		if got, _ := os.ReadFile(filepath.Join(l.root, name)); string(got) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]os.FileMode{"etc/changed": 0o600, "etc/same": 0o640, "etc/changed.apk-new": 0o644} {
		if info, err := os.Lstat(filepath.Join(l.root, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if target, err := os.Readlink(filepath.Join(l.root, "etc/linked")); target != "elsewhere" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
}
