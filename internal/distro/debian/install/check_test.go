// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro"
)

// checked is the verdict on a package with a file of an owner of its own, and a
// script that looks for that owner, on a base with a minimal database that change
// has changed.
func checked(t *testing.T, change func(root string)) (*distro.Verdict, error) {
	t.Helper()
	deb := buildDeb(t, "none", "pack", "", sourceFile{name: "usr/lib/pack/file", text: "x", uid: 9}, sourceFile{
		name: "DEBIAN/preinst", text: "#!/bin/sh\nrm -f /opt/pack/old\n", mode: 0o755,
	})
	_, meta := unpackTo(t, UnpackOptions{}, deb)
	root, out := t.TempDir(), t.TempDir()
	writeFile(t, root+"/var/lib/dpkg/status", "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n")
	writeFile(t, root+"/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
	must(t, os.Mkdir(root+"/usr", 0o755))
	change(root)
	if err := Check(root, filepath.Dir(meta), out); err != nil {
		if _, err := os.Lstat(out + "/" + distro.VerdictFile); err == nil {
			t.Error("there is an error, and a verdict all the same")
		}
		return nil, err
	}
	text, err := os.ReadFile(out + "/" + distro.VerdictFile)
	must(t, err)
	v := &distro.Verdict{}
	must(t, json.Unmarshal(text, v))
	return v, nil
}

// TestErrorsAreNoVerdict puts a directory where a file is read: what is in the
// file may be what decides, so it is for the user to see.
func TestErrorsAreNoVerdict(t *testing.T) {
	for _, file := range []string{
		"var/lib/dpkg/diversions", "var/lib/dpkg/statoverride", "etc/passwd", "etc/dpkg/dpkg.cfg", "etc/dpkg/dpkg.cfg.d/excludes",
	} {
		t.Run(file, func(t *testing.T) {
			v, err := checked(t, func(root string) {
				must(t, os.RemoveAll(filepath.Join(root, file)))
				must(t, os.MkdirAll(filepath.Join(root, file), 0o755))
			})
			if !errors.Is(err, unix.EISDIR) {
				t.Errorf("got %+v, %v, want an error", v, err)
			}
		})
	}
}

// TestVerdicts says for the same package what decides.
func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		change func(root string)
		why    string
	}{
		"nothing": {func(string) {}, ""},
		"a diversion": {func(root string) {
			writeFile(t, root+"/var/lib/dpkg/diversions", "/usr/lib/pack/file\n/usr/lib/pack/file.real\nother\n")
		}, "the base diverts /usr/lib/pack/file"},
		"a mode of its own": {func(root string) {
			writeFile(t, root+"/var/lib/dpkg/statoverride", "root root 0600 /usr/lib/pack/file\n")
		}, "the base has an owner or a mode of its own for /usr/lib/pack/file"},
		"the file itself": {func(root string) { writeFile(t, root+"/usr/lib/pack/file", "y") }, "the base has /usr/lib/pack/file already"},
		"a loop on the way": {func(root string) {
			must(t, os.Symlink("lib", root+"/usr/lib"))
		}, "the base has a link or a file where pack has the directory /usr/lib"},
		"what a script removes": {func(root string) { writeFile(t, root+"/opt/pack/old", "y") }, "/opt/pack/old is there"},
		"a loop where a script removes": {func(root string) {
			must(t, os.Symlink("opt", root+"/opt"))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := checked(t, c.change)
			must(t, err)
			if !strings.Contains(v.Why, c.why) || (v.Installer == "native") != (c.why != "") || (c.why == "") != (v.Why == "") {
				t.Errorf("%s because %q, want because %q", v.Installer, v.Why, c.why)
			}
		})
	}
}
