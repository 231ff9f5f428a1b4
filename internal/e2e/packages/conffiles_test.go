// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestConffiles puts files where packages that come later have configuration files: the
// packages' win, with a warning at each file, and with conffiles: keep those that were
// there first, as dpkg has it with --force-confold.
func TestConffiles(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{
			Name: "daemon", Version: "1",
			Files:   map[string]string{"etc/daemon.conf": "theirs\n", "etc/daemon.d/part": "theirs\n", "etc/daemon.d/rest": "theirs\n", "usr/share/daemon": "theirs\n"},
			Scripts: map[string]string{"conffiles": "/etc/daemon.conf\n/etc/daemon.d/part\n/etc/daemon.d/rest\n"},
		},
		testenv.Deb{
			Name: "asks", Version: "1", Files: map[string]string{"etc/asks.conf": "theirs\n"}, Scripts: map[string]string{"conffiles": "/etc/asks.conf\n"},
		},
	)
	const layers = `
  - files: [{dest: /etc/daemon.conf, content: "mine\n"}, {dest: /etc/daemon.d/, source: conf}, {dest: /usr/share/daemon, content: "mine\n"}]
  - packages: {names: [daemon], REPOSITORIES}
`
	dir := h.OnDebian(t, a, testenv.DebianBase(t), layers)
	house.Write(t, filepath.Join(dir, "conf/part"), []byte("mine\n"))
	names := []string{"etc/daemon.conf", "etc/daemon.d/part", "etc/daemon.d/rest", "usr/share/daemon", "var/lib/dpkg/status"}
	contents := func(t *testing.T, image string) string {
		root := house.SomeOf(t, h, image, names...)
		var all strings.Builder
		for _, name := range names[:4] {
			all.WriteString(house.Read(t, root, name))
		}
		// What the package has is what dpkg compares with at the next upgrade.
		house.Contains(t, house.Read(t, root, "var/lib/dpkg/status"), fmt.Sprintf(" /etc/daemon.conf %x\n", md5.Sum([]byte("theirs\n"))))
		return all.String()
	}
	w := h.ByStrata()

	h.MustLock(t, a, dir, "--platform=linux/amd64")
	house.Contains(t, house.Read(t, dir, "strata.lock"), "conffiles:", `daemon: ["/etc/daemon.conf", "/etc/daemon.d/part", "/etc/daemon.d/rest"]`)
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	house.Want(t, "exit status", string(rune('0'+status)), "0")
	house.Contains(t, out, "strata.yaml:5:20: the package daemon has /etc/daemon.conf as well and comes later", "strata.yaml:5:65: the package daemon has /etc/daemon.d/part as well")
	if strings.Contains(out, "/etc/daemon.d/rest") || strings.Contains(out, "/usr/share/daemon as well") {
		t.Errorf("a warning of what nothing else makes, or of what is no configuration file:\n%s", out)
	}
	house.Want(t, "what wins", contents(t, w.Image(t, h, "", house.Flags(dir)...)), "theirs\ntheirs\ntheirs\ntheirs\n")

	house.Replace(t, filepath.Join(dir, "strata.yaml"), "names: [daemon]", "conffiles: keep, names: [daemon]")
	house.Want(t, "what is kept", contents(t, w.Image(t, h, "", house.Flags(dir)...)), "mine\nmine\ntheirs\ntheirs\n")

	native := h.OnDebian(t, a, testenv.DebianBase(t), `
  - files: [{dest: /etc/asks.conf, content: "first\n"}]
  - build: {run: "echo mine >/etc/asks.conf"}
  - packages: {names: [asks], conffiles: keep, REPOSITORIES}
`)
	image := w.Image(t, h, "", house.Flags(native)...)
	house.Want(t, "what a command made", house.Read(t, house.SomeOf(t, h, image, "etc/asks.conf"), "etc/asks.conf"), "mine\n")
	house.Want(t, "what is installed", h.Healthy(t, image, "asks"), "??5?????? c /etc/asks.conf\nii asks 1\n")
	house.Replace(t, filepath.Join(native, "strata.yaml"), ", conffiles: keep", "")
	out, err := h.Strata(house.Flags(native)...)
	if err == nil {
		t.Errorf("dpkg's question has an answer:\n%s", out)
	}
	house.Contains(t, out, "a configuration file of asks is there already, with other content; write `conffiles: keep` to keep it")
}

// TestConffilesOnScratch does so on scratch, where no dpkg decides: it warns, and keeps
// what is to be kept, by a lock that has no configuration files as well.
func TestConffilesOnScratch(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{
		Name: "daemon", Version: "1", Files: map[string]string{"etc/daemon.conf": "theirs\n", "etc/other.conf": "theirs\n"},
		Scripts: map[string]string{"conffiles": "/etc/daemon.conf\n/etc/other.conf\n"},
	})
	dir := h.PackagesProject(t, a, "daemon")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "layers:", "layers:\n  - files: [{dest: /etc/daemon.conf, content: \"mine\\n\"}]")
	const warning = "strata.yaml:4:20: the package daemon has /etc/daemon.conf as well and comes later"
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	house.Want(t, "exit status", fmt.Sprint(status), "0")
	house.Contains(t, out, warning)
	house.Contains(t, house.Read(t, dir, "strata.lock"), "installer: assemble", `daemon: ["/etc/daemon.conf", "/etc/other.conf"]`)
	w := h.ByStrata()
	build := func(t *testing.T, conf string) (said string) {
		t.Helper()
		root := filepath.Join(t.TempDir(), "out")
		said = w.Must(t, house.Flags(dir, "--build-arg=MIRROR="+a.URL, "--platform=linux/amd64", "-o", root)...)
		house.Want(t, "the file", house.Read(t, root, "etc/daemon.conf"), conf)
		house.Want(t, "the other one", house.Read(t, root, "etc/other.conf"), "theirs\n")
		house.Contains(t, house.Read(t, root, "var/lib/dpkg/status"), fmt.Sprintf(" /etc/daemon.conf %x\n", md5.Sum([]byte("theirs\n"))))
		return said
	}
	lock := filepath.Join(dir, "strata.lock")
	house.Contains(t, build(t, "theirs\n"), warning)
	house.Replace(t, lock, "        daemon: [\"/etc/daemon.conf\", \"/etc/other.conf\"]\n", "")
	house.Replace(t, lock, "      conffiles:\n", "")
	house.Contains(t, build(t, "theirs\n"), warning)
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "names: [daemon]", "conffiles: keep, names: [daemon]")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "- packages:\n      conffiles: keep, names: [daemon]", "- packages:\n      conffiles: keep\n      names: [daemon]")
	if said := build(t, "mine\n"); strings.Contains(said, "comes later") {
		t.Errorf("a warning of what is kept:\n%s", said)
	}
}

// TestConffilesOfCommands does so with what a command ships, which is looked into when it
// is made, and so is an archive. A directory stays as the package has it.
func TestConffilesOfCommands(t *testing.T) {
	h := house.New(t)
	const names = "/etc/d/out /etc/d/archive /etc/d/output /etc/d/theirs"
	files := map[string]string{"etc/d/plain": "theirs\n"}
	for name := range strings.FieldsSeq(names) {
		files[name[1:]] = "theirs\n"
	}
	a := testenv.NewDebArchive(t, testenv.Deb{
		Name: "daemon", Version: "1", Files: files, Scripts: map[string]string{"conffiles": strings.ReplaceAll(names, " ", "\n") + "\n", "postinst": "#!/bin/sh\nset -e\nchmod 0750 /etc/d\n"},
	})
	dir := h.PackagesProject(t, a, "daemon")
	house.Write(t, filepath.Join(dir, "some.tar"), testenv.Tar(t, []testenv.Entry{{Path: "d/"}, {Path: "d/archive", Data: []byte("mine\n")}, {Path: "d/out", Data: []byte("older\n")}}))
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "layers:", `layers:
  - files: [{dest: /etc, source: some.tar, extract: true}]
  - build: {from: "`+h.Base+`", run: "mkdir -p $out/etc/d; echo mine >$out/etc/d/out; echo mine >$out/etc/d/plain"}
  - build: {from: "`+h.Base+`", run: "echo mine >/made", outputs: [{source: /made, dest: /etc/d/output}]}`)
	build := func(t *testing.T) (said, kept string) {
		t.Helper()
		root := filepath.Join(t.TempDir(), "out")
		said = h.ByStrata().Must(t, house.Flags(dir, "--build-arg=MIRROR="+a.URL, "-o", root)...)
		info, err := os.Stat(filepath.Join(root, "etc/d"))
		if err != nil {
			t.Fatal(err)
		}
		house.Want(t, "the directory's mode", info.Mode().String(), "drwxr-x---")
		for name := range strings.FieldsSeq(names + " /etc/d/plain") {
			kept += house.Read(t, root, name)
		}
		return said, kept
	}
	said, _ := build(t)
	for _, want := range []string{
		"strata.yaml:4:13: the package daemon has /etc/d/archive as well and comes later", "strata.yaml:4:13: the package daemon has /etc/d/out as well",
		"strata.yaml:5:5: the package daemon has /etc/d/out as well", "strata.yaml:6:5: the package daemon has /etc/d/output as well",
	} {
		house.Contains(t, said, want)
	}
	house.Want(t, "warnings", fmt.Sprint(strings.Count(said, "WARNING: strata.yaml")), "4")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "names: [daemon]", "names: [daemon]\n      conffiles: keep")
	said, kept := build(t)
	house.Want(t, "warnings of what is kept", fmt.Sprint(strings.Count(said, "WARNING: strata.yaml")), "0")
	house.Want(t, "what is kept", kept, "mine\nmine\nmine\ntheirs\ntheirs\n")
}
