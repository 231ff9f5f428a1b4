// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/testenv"
)

// TestDirectoriesOfSeveralPackages wants what apk 3 leaves, in whatever layers the packages are.
func TestDirectoriesOfSeveralPackages(t *testing.T) {
	pack := func(name string, mode int64, info ...string) testenv.APK {
		return testenv.APK{
			Name: name, Version: "1-r0", Info: info, Files: map[string]string{"srv/rules/": "", "srv/rules/" + name: "x", "var/old/": ""},
			Headers: map[string]func(*tar.Header){
				"srv/rules/": func(h *tar.Header) { h.Mode, h.Uid = mode, int(mode) },
				"var/old/":   func(h *tar.Header) { h.Mode = mode },
			},
		}
	}
	for name, c := range map[string]struct {
		packages []testenv.APK
		mode     uint32
	}{
		"the first name":            {[]testenv.APK{pack("a", 0o700), pack("b", 0o755)}, 0o700},
		"the greatest priority":     {[]testenv.APK{pack("a", 0o700), pack("b", 0o755, "replaces = c", "replaces_priority = 3")}, 0o755},
		"the origin":                {[]testenv.APK{pack("liba", 0o700, "origin = srv"), pack("srv", 0o750, "origin = srv"), pack("tool", 0o755, "origin = srv")}, 0o750},
		"one origin without itself": {[]testenv.APK{pack("b", 0o711, "origin = srv"), pack("c", 0o750, "origin = srv")}, 0o711},
	} {
		for _, reverse := range []bool{false, true} {
			l := newLab(t)
			must(t, os.MkdirAll(filepath.Join(l.root, "var/old"), 0o755))
			must(t, unix.Chmod(filepath.Join(l.root, "var/old"), 0o2711))
			base := t.TempDir()
			must(t, exec.CommandContext(t.Context(), "cp", "-a", l.root+"/.", base).Run())
			var groups [][]testenv.APK
			for _, p := range c.packages {
				groups = append(groups, []testenv.APK{p})
			}
			if reverse {
				slices.Reverse(groups)
			}
			must(t, l.put(Options{Scripts: Skip, Base: base}, groups...))
			for at, want := range map[string][2]uint32{"srv/rules": {c.mode, c.mode}, "var/old": {0o2711, 0}} {
				var st unix.Stat_t
				must(t, unix.Lstat(filepath.Join(l.root, at), &st))
				if st.Mode&0o7777 != want[0] || st.Uid != want[1] {
					t.Errorf("%s: %s is %d %o, want %d %o", name, at, st.Uid, st.Mode&0o7777, want[1], want[0])
				}
			}
		}
	}
}
