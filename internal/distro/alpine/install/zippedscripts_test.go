// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestKeepsScriptsAsAPK3 installs on databases that apk 2 and apk 3 began: apk 3 keeps the
// scripts compressed and takes those that aren't in preference, so that a second file would
// hide the scripts of all packages of the base.
func TestKeepsScriptsAsAPK3(t *testing.T) {
	script := func(name string) testenv.APK {
		return testenv.APK{Name: name, Version: "1-r0", Scripts: map[string]string{"post-deinstall": "#!/bin/sh\nexit 0\n"}}
	}
	for _, zipped := range []bool{false, true} {
		l := newLab(t)
		must(t, l.install(Skip, []string{"base"}, script("base")))
		file := filepath.Join(l.root, "lib/apk/db/scripts.tar")
		if zipped {
			must(t, exec.CommandContext(t.Context(), "gzip", file).Run())
			file += ".gz"
		}
		must(t, l.install(Skip, []string{"new"}, script("new")))
		files, err := filepath.Glob(filepath.Join(l.root, "lib/apk/db/scripts*"))
		must(t, err)
		if !slices.Equal(files, []string{file}) {
			t.Errorf("the scripts are in %v, want %s", files, file)
		}
		got, err := exec.CommandContext(t.Context(), "tar", "-taf", file).CombinedOutput()
		if err != nil || !strings.Contains(string(got), "base-1-r0.Q1") || !strings.Contains(string(got), "new-1-r0.Q1") {
			t.Errorf("the scripts are %q, %v", got, err)
		}
	}
}
