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

// TestTriggersHearOfDirectories has a trigger of the image that watches directories, in
// which there are only directories, as those of themes of icons are.
func TestTriggersHearOfDirectories(t *testing.T) {
	l := newLab(t)
	heard := filepath.Join(t.TempDir(), "heard")
	must(t, l.put(Options{Scripts: Run}, []testenv.APK{
		{
			Name: "cache", Version: "1-r0", Info: []string{"triggers = /usr/share/icons/* /usr/share/old/*"}, Files: map[string]string{"usr/bin/cache": "x"},
			Scripts: map[string]string{"trigger": "#!/bin/sh\necho \"$@\" >>" + heard + "\n"},
		},
		{Name: "theme", Version: "1-r0", Files: map[string]string{"usr/share/icons/plain/index": "x", "usr/share/icons/hicolor/index": "x", "usr/share/old/one/x": "x", "usr/share/old/both/x": "x"}},
	}))
	must(t, l.put(Options{Scripts: Run}, []testenv.APK{{Name: "app", Version: "1-r0", Files: map[string]string{"usr/share/icons/hicolor/48x48/apps/app.png": "x"}}}))
	must(t, l.put(Options{Scripts: Run}, []testenv.APK{{Name: "theme", Version: "2-r0", Files: map[string]string{"usr/share/old/both/y": "x"}}}))
	must(t, l.put(Options{Scripts: Run}, []testenv.APK{{Name: "other", Version: "1-r0", Files: map[string]string{"usr/share/other/x": "x"}}}))
	got, err := os.ReadFile(heard)
	must(t, err)
	if want := "/usr/share/icons/hicolor /usr/share/icons/plain /usr/share/old/both /usr/share/old/one\n" +
		"/usr/share/icons/hicolor\n" +
		"/usr/share/icons/hicolor /usr/share/icons/plain /usr/share/old/both /usr/share/old/one\n"; string(got) != want {
		t.Errorf("the trigger heard of\n%swant\n%s", got, want)
	}
}
