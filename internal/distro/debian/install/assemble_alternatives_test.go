// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAssembleAlternatives enters choices whose further names differ, and compares the
// links and the database with what update-alternatives makes.
func TestAssembleAlternatives(t *testing.T) {
	calls := []string{
		"--install /usr/bin/which which /usr/bin/which.a 0 --slave /usr/share/man/which.1 which.1 /usr/share/which.a.1 --slave /usr/share/man/de/which.1 which.de.1 /usr/share/which.a.de.1",
		"--install /usr/bin/which which /usr/bin/which.b 10 --slave /usr/share/man/which.1 which.1 /usr/share/which.b.1 --slave /usr/share/man/fr/which.1 which.fr.1 /usr/share/missing",
		"--install /usr/bin/awk awk /usr/bin/which.b 10 --slave /usr/share/man/awk.1 awk.1 /usr/share/which.b.1",
		"--install /usr/bin/awk awk /usr/bin/which.a 5 --slave /usr/share/man/awk.1 awk.1 /usr/share/which.a.1 --slave /usr/share/man/de/awk.1 awk.de.1 /usr/share/which.a.de.1",
		// The same one again, and two that are as good.
		"--install /usr/bin/pager pager /usr/bin/which.b 50 --slave /usr/share/man/pager.1 pager.1 /usr/share/which.b.1",
		"--install /usr/bin/pager pager /usr/bin/which.a 50",
		"--install /usr/bin/pager pager /usr/bin/which.b 5",
		"--install /usr/bin/editor editor /usr/bin/which.b 50",
		"--install /usr/bin/editor editor /usr/bin/which.a 50 --slave /usr/share/man/editor.1 editor.1 /usr/share/which.a.1",
		"--install /usr/bin/editor editor /usr/bin/which.b 50 --slave /usr/share/man/editor.1 editor.1 /usr/share/which.b.1",
		"--install /usr/bin/x-www x-www /usr/bin/which.a 5",
		"--install /usr/bin/x-www x-www /usr/bin/which.b 50",
		"--install /usr/bin/x-www x-www /usr/bin/which.a 50",
		"--install /usr/bin/vi vi /usr/share/which.b.1 50",
		"--install /usr/bin/vi vi /usr/bin/which.b 40",
		"--install /usr/bin/vi vi /usr/bin/which.a 40",
		"--install /usr/bin/vi vi /usr/share/which.b.1 5",
	}
	files := []sourceFile{
		{name: "usr/bin/which.a", text: "a", mode: 0o755},
		{name: "usr/bin/which.b", text: "b", mode: 0o755},
		{name: "usr/share/which.a.1", text: "a"},
		{name: "usr/share/which.a.de.1", text: "a"},
		{name: "usr/share/which.b.1", text: "b"},
		{name: "usr/share/man/de/", mode: 0o755},
		{name: "usr/share/man/fr/", mode: 0o755},
	}
	text := ""
	for _, c := range calls {
		text += "update-alternatives " + c + "\n"
	}
	root, err := assembledIn(t, buildDeb(t, "none", "pack", "", append(files, script("postinst", text))...))
	must(t, err)
	theirs := t.TempDir()
	for _, f := range files {
		at := filepath.Join(theirs, f.name)
		if strings.HasSuffix(f.name, "/") {
			must(t, os.MkdirAll(at, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.WriteFile(at, []byte(f.text), 0o755))
	}
	for _, dir := range []string{"etc/alternatives", "var/lib/dpkg/alternatives", "var/log"} {
		must(t, os.MkdirAll(filepath.Join(theirs, dir), 0o755))
	}
	for _, c := range calls {
		if out, err := exec.Command("update-alternatives", append([]string{"--root", theirs, "--quiet"}, strings.Fields(c)...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if diff := cmp.Diff(linksOf(t, theirs), linksOf(t, root)); diff != "" {
		t.Errorf("links (-theirs +ours):\n%s", diff)
	}
	for _, name := range []string{"which", "awk", "pager", "editor", "x-www", "vi"} {
		want, err := os.ReadFile(filepath.Join(theirs, "var/lib/dpkg/alternatives", name))
		must(t, err)
		holds(t, root, "var/lib/dpkg/alternatives/"+name, string(want))
	}
}

// linksOf are the symbolic links below a directory's etc and usr, by their paths.
func linksOf(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range []string{"etc", "usr"} {
		must(t, filepath.WalkDir(filepath.Join(root, dir), func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.Type()&fs.ModeSymlink == 0 {
				return err
			}
			to, err := os.Readlink(p)
			all[strings.TrimPrefix(p, root)] = to
			return err
		}))
	}
	return all
}
