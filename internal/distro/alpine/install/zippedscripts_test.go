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

// Names are those that apk 2.14 and apk 3.0.6 gave to the script of one package.
func TestNamesOfScripts(t *testing.T) {
	const want = "busybox-1.36.1-r29.Q1mXpKtCn4vnU1wFYxIgmQgayWtAQ=.trigger"
	for _, name := range []string{want, "busybox-1.36.1-r29.X1997a4ab429f8be7535c0563122099081ac96b404.trigger"} {
		if got := plainName(name); got != want {
			t.Errorf("%s became %s", name, got)
		}
	}
	for _, name := range []string{"", "x", "a.b", "a.X.b", "a.X1.b", "a.X1zz.b", "a.Xé.b"} {
		plainName(name)
	}
}
