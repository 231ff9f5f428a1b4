// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestRefusesDirectoriesThatAreLinks has a path that is a directory to one package, and a
// link to another one or to the image.
func TestRefusesDirectoriesThatAreLinks(t *testing.T) {
	link := testenv.APK{Name: "layout", Version: "1-r0", Files: map[string]string{"lib": "-> usr/lib"}}
	directory := testenv.APK{Name: "libs", Version: "1-r0", Files: map[string]string{"lib/a.so": "x"}}
	for name, groups := range map[string][][]testenv.APK{
		"in one layer":   {{link, directory}},
		"the other way":  {{directory, link}},
		"in two layers":  {{link}, {directory}},
		"in two, turned": {{directory}, {link}},
	} {
		err := newLab(t).put(Options{Scripts: Skip}, groups...)
		if err == nil || !strings.Contains(err.Error(), "/lib is a directory of libs, and a file or a link of layout;") {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := newLab(t)
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{directory}))
	err := l.put(Options{Scripts: Skip}, []testenv.APK{link})
	if err == nil || !strings.Contains(err.Error(), "/lib is a directory of libs of the base, and a file or a link of layout") {
		t.Errorf("a directory of the image's package: %v", err)
	}
	l, base := newLab(t), t.TempDir()
	must(t, os.Mkdir(filepath.Join(base, "lib"), 0o755))
	err = l.put(Options{Scripts: Skip, Base: base}, []testenv.APK{link})
	if err == nil || !strings.Contains(err.Error(), "/lib is a directory of the base, and a file or a link of layout") {
		t.Errorf("a directory of the image: %v", err)
	}
	l = newLab(t)
	must(t, os.MkdirAll(filepath.Join(l.root, "usr/lib"), 0o755))
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{link}))
	must(t, l.put(Options{Scripts: Skip}, []testenv.APK{directory}))
	if got := l.read("usr/lib/a.so"); got != "x" {
		t.Errorf("the file is %q", got)
	}
}
