// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

// aptRoot is Debian's base with packages of a local archive, which its own apt knows.
func aptRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	command(t, "tar", "-xf", testenv.DebianTree(t), "-C", root)
	repo := filepath.Join(root, "repo")
	must(t, os.Mkdir(repo, 0o755))
	for _, p := range []struct{ name, fields string }{
		{"tool", "Depends: lib, api\n"},
		{"lib", ""},
		{"apid", "Provides: api\n"},
		{"virtd", "Provides: virt\n"},
	} {
		command(t, "cp", buildDeb(t, "gzip", p.name, p.fields), repo)
	}
	scan := exec.Command("apt-ftparchive", "packages", ".")
	scan.Dir = repo
	list, err := scan.Output()
	must(t, err)
	writeFile(t, filepath.Join(repo, "Packages"), string(list))
	writeFile(t, filepath.Join(root, "etc/apt/sources.list"), "deb [trusted=yes] file:/repo ./\n")
	command(t, "chroot", root, "apt-get", "-qq", "update", "-o", "APT::Sandbox::User=root")
	return root
}

// statesOf are apt's notes, sorted: it writes new ones by the hashes of their names.
func statesOf(t *testing.T, root string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, statesFile))
	must(t, err)
	parts := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	slices.Sort(parts)
	return parts
}

// TestMarkAsApt compares what apt-get notes after an installation by names with what
// Mark makes of the same database and the notes of before.
func TestMarkAsApt(t *testing.T) {
	root := aptRoot(t)
	before := t.TempDir()
	keep := []string{statusFile, statesFile}
	for _, file := range keep {
		text, err := os.ReadFile(filepath.Join(root, file))
		must(t, err)
		writeFile(t, filepath.Join(before, file), string(text))
	}
	for _, names := range [][]string{
		{"tool"},
		{"tool", "lib"},
		{"virt", "tool"},
		// The base has it, as the need of others.
		{"libext2fs2"},
	} {
		t.Run(strings.Join(names, " "), func(t *testing.T) {
			defer func() {
				command(t, "chroot", root, "dpkg", "--purge", "tool", "lib", "apid", "virtd")
				for _, file := range keep {
					command(t, "cp", filepath.Join(before, file), filepath.Join(root, file))
				}
			}()
			command(t, append([]string{"chroot", root, "apt-get", "-y", "-qq", "-o", "Dpkg::Use-Pty=0", "install"}, names...)...)
			want := statesOf(t, root)
			command(t, "cp", filepath.Join(before, statesFile), filepath.Join(root, statesFile))
			must(t, Mark(root, Options{Base: before, Names: names}))
			if diff := cmp.Diff(want, statesOf(t, root)); diff != "" {
				t.Errorf("apt's notes (-apt +ours):\n%s", diff)
			}
		})
	}
}

// TestHoldStays shows that what a base held is held again after dpkg has replaced it,
// by dpkg's own word.
func TestHoldStays(t *testing.T) {
	root := aptRoot(t)
	command(t, "chroot", root, "dpkg", "-i", "/repo/lib.deb")
	command(t, "chroot", root, "apt-mark", "hold", "lib")
	before, err := readBase(root)
	must(t, err)
	newer := buildDeb(t, "gzip", "lib", "X-New: yes\n")
	command(t, "cp", newer, filepath.Join(root, "new.deb"))
	if err := before.checkHeld([]string{filepath.Join(root, "new.deb")}); err != nil {
		t.Errorf("the same version: %v", err)
	}
	command(t, "chroot", root, "dpkg", "-i", "/new.deb")
	c := &commands{root: root, log: os.Stderr, command: func(name string, args ...string) *exec.Cmd {
		return exec.Command("chroot", append([]string{root, name}, args...)...)
	}}
	must(t, c.hold(before))
	if got := command(t, "chroot", root, "apt-mark", "showhold"); got != "lib\n" {
		t.Errorf("apt-mark showhold: %q", got)
	}
}
