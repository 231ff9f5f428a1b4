// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"archive/tar"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// tools is an archive of packages with all that apk knows: a library, scripts,
// a trigger, an owner by name, and a new version of something in apkBase.
func tools(t *testing.T) *testenv.APKArchive {
	return testenv.NewAPKArchive(t,
		testenv.APK{
			Name: "tool", Version: "1.2-r0", Info: []string{"depend = so:lib.so.1", "depend = accounts>1-r0", "provides = cmd:tool=1.2-r0"},
			Files:   map[string]string{"usr/bin/tool": "#!/bin/sh\ncat /lib/tool/text /var/lib/tool/log\n", "var/lib/tool/": "", "tmp/tool": "x"},
			Headers: map[string]func(*tar.Header){"var/lib/tool/": func(h *tar.Header) { h.Uname, h.Uid, h.Mode = "tool", 5, 0o750 }},
			Scripts: map[string]string{
				"pre-install":  "#!/bin/sh\nset -e\n[ \"$1\" = 1.2-r0 ]\necho tool:x:321:321::/:/bin/sh >>/etc/passwd\n",
				"post-install": "#!/bin/sh\nset -e\necho \"$APK_PACKAGE $APK_SCRIPT $*\" >>/var/lib/tool/log\n",
			},
		},
		testenv.APK{
			Name: "lib", Version: "1.0-r3", Info: []string{"provides = so:lib.so.1=1.0", "triggers = /usr/bin /nowhere"},
			Files:   map[string]string{"lib/tool/text": "from the library\n"},
			Scripts: map[string]string{"trigger": "#!/bin/sh\necho \"trigger $*\" >>/var/lib/tool/log\n"},
		},
		testenv.APK{Name: "accounts", Version: "2-r0", Files: map[string]string{"usr/share/accounts/new": "2\n"}},
		testenv.APK{Name: "plain", Version: "3_rc1-r1", Files: map[string]string{"usr/share/plain": "plain\n", "usr/bin/plain": "-> ../share/plain"}},
		testenv.APK{Name: "tool-doc", Version: "1.2-r0", Info: []string{"install_if = tool=1.2-r0 docs"}, Files: map[string]string{"usr/share/doc/tool": "doc\n"}},
		testenv.APK{Name: "docs", Version: "1-r0"},
		testenv.APK{Name: "odd", Version: "1-r0", Scripts: map[string]string{
			"pre-install": "#!/bin/sh\nanything --now\n", "post-install": "#!/bin/sh\nadduser -S odd 2>/dev/null\nexit 0\n",
		}},
	)
}

// apkBase pushes a base whose /lib is a link, with a database of apk.
func apkBase(t *testing.T, h *house.House, a *testenv.APKArchive) string {
	t.Helper()
	record := func(name, version, more string) string {
		return "C:" + control.Q1([]byte(name)) + "\nP:" + name + "\nV:" + version + "\nA:noarch\nS:1\nI:1\nT:\nU:\nL:\n" + more + "\n"
	}
	return testenv.BusyboxImage(t, h.Registry, strings.ToLower(t.Name())+":1", testenv.BusyboxTweaks{Extra: []testenv.Entry{
		{Path: "usr/lib/apk/"},
		{Path: "usr/lib/apk/db/"},
		{Path: "etc/apk/"},
		{Path: "etc/apk/keys/"},
		{Path: "usr/share/accounts/"},
		{Path: "usr/lib/apk/db/installed", Data: []byte(record("busybox", "1.36-r0", "p:/bin/sh\n") +
			record("accounts", "1-r0", "F:usr\nF:usr/share\nF:usr/share/accounts\nR:old\nZ:"+control.Q1([]byte("1\n"))+"\n"))},
		{Path: "usr/share/accounts/old", Data: []byte("1\n")},
		{Path: "etc/apk/world", Data: []byte("accounts\nbusybox\n")},
		{Path: "etc/apk/repositories", Data: []byte("# ours\n" + a.URL + "\n")},
		{Path: "etc/apk/keys/" + a.KeyName, Data: a.Key},
	}})
}

// installedIn is what apk's database in a tree has, and checks that each file is
// there with that content.
func installedIn(t *testing.T, root, file string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := control.ReadRecords(house.Read(t, root, file), func(r *control.Record) error {
		out[r.Name] = r.Version
		files, err := r.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			at := filepath.Join(root, f.Path)
			if strings.HasPrefix(f.Path, "lib/") && strings.HasPrefix(file, "usr/lib/") {
				at = filepath.Join(root, "usr", f.Path) // /lib is a link there
			}
			info, err := os.Lstat(at)
			if err != nil {
				t.Errorf("%s: %v", r.Name, err)
				continue
			}
			if info.Mode().IsRegular() && f.Checksum != control.Q1([]byte(house.Read(t, at))) {
				t.Errorf("%s: /%s is not what the database says", r.Name, f.Path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAPKOnABase installs on a base without apk itself: the database, the scripts
// in their order, owners by name, an upgrade, and the base's links.
func TestAPKOnABase(t *testing.T) {
	h := house.New(t)
	a := tools(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: `+apkBase(t, h, a)+`
layers:
  - packages: [tool, docs]
  - build: {run: "tool >/result"}
  - packages: [plain~3]
`)
	build := func(more ...string) *testenv.Layout {
		out := filepath.Join(t.TempDir(), "out")
		h.ByStrata().Must(t, house.Flags(dir, append(more, "-o", "type=oci,tar=false,dest="+out)...)...)
		return testenv.OpenLayout(t, out)
	}
	first := build()
	first.Validate(t, runtime.GOARCH)
	root := first.Unpack(t, runtime.GOARCH)
	house.Want(t, "what the tool says", house.Read(t, root, "result"), "from the library\ntool-1.2-r0 post-install 1.2-r0\ntrigger /usr/bin\n")
	got := installedIn(t, root, "usr/lib/apk/db/installed")
	if diff := cmp.Diff(map[string]string{
		"busybox": "1.36-r0", "accounts": "2-r0", "tool": "1.2-r0", "lib": "1.0-r3", "docs": "1-r0", "tool-doc": "1.2-r0", "plain": "3_rc1-r1",
	}, got); diff != "" {
		t.Error(diff)
	}
	db := house.Read(t, root, "usr/lib/apk/db/installed")
	house.Contains(t, db, "F:var/lib/tool\nM:321:0:750\n", "F:tmp\nR:tool\n")
	house.Want(t, "world", house.Read(t, root, "etc/apk/world"), "accounts\nbusybox\ndocs\nplain~3\ntool\n")
	house.Contains(t, house.Read(t, root, "usr/lib/apk/db/triggers"), " /usr/bin /nowhere\n")
	for name, there := range map[string]bool{
		"usr/share/accounts/old": false, "usr/share/accounts/new": true, "usr/lib/tool/text": true, "usr/lib/apk/exec": false,
	} {
		if _, err := os.Lstat(filepath.Join(root, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
	if target, err := os.Readlink(filepath.Join(root, "lib")); err != nil || target != "usr/lib" {
		t.Errorf("/lib leads to %q, %v", target, err)
	}
	if info, err := os.Stat(filepath.Join(root, "tmp")); err != nil || info.Mode()&os.ModeSticky == 0 {
		t.Errorf("/tmp is %v, %v", info.Mode(), err)
	}

	cmd := h.CLI.Command("lock", "--progress=plain", dir)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strata lock: %v\n%s", err, out)
	}
	house.Contains(t, house.Read(t, dir, "strata.lock"), "type: apk", "signers: ["+a.KeyName+"]", `{name: plain, version: "3_rc1-r1", arch: noarch, layer: 1, `,
		`{name: tool-doc, version: "1.2-r0", arch: noarch, repository: `)
	a.Reset()
	locked := build("--no-cache")
	house.Want(t, "the digest with a lock, built again", locked.Digest(t, runtime.GOARCH), first.Digest(t, runtime.GOARCH))
	for _, r := range a.Requests() {
		if strings.Contains(r.Path, "APKINDEX") {
			t.Errorf("a build with a lock asks for %s", r.Path)
		}
	}
}

// TestAPKOnScratch makes an image of nothing but packages.
func TestAPKOnScratch(t *testing.T) {
	h := house.New(t)
	a := tools(t)
	project := func(names, more string) string {
		dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - packages:
      names: [`+names+`]
      repositories: [{type: apk, uri: "`+a.URL+`", signed_by: `+a.KeyName+`}]
`+more)
		house.Write(t, filepath.Join(dir, a.KeyName), a.Key)
		return dir
	}
	h.Each(t, func(t *testing.T, w house.Way) {
		root := w.Files(t, house.Flags(project("plain, docs", ""))...)
		if diff := cmp.Diff(map[string]string{"plain": "3_rc1-r1", "docs": "1-r0"}, installedIn(t, root, "lib/apk/db/installed")); diff != "" {
			t.Error(diff)
		}
		house.Want(t, "the file", house.Read(t, root, "usr/bin/plain"), "plain\n")
	})
	w := h.ByStrata()
	root := w.Files(t, house.Flags(project("tool", ""))...)
	house.Want(t, "what the scripts wrote", house.Read(t, root, "var/lib/tool/log"), "tool-1.2-r0 post-install 1.2-r0\ntrigger /usr/bin\n")
	house.Contains(t, house.Read(t, root, "etc/passwd"), "tool:x:321:321::/:/bin/sh\n")
	out, err := w.Build(house.Flags(project("odd", ""), "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("scripts that can't run on scratch are passed over")
	}
	house.Contains(t, out, "odd: pre-install: anything --now (line 2): its effect isn't known", "odd: post-install: adduser -S odd (line 2): there is no /etc/passwd; add alpine-baselayout-data",
		"scripts: skip")
	root = w.Files(t, house.Flags(project("odd", "      scripts: skip\n"))...)
	if _, ok := installedIn(t, root, "lib/apk/db/installed")["odd"]; !ok {
		t.Error("odd isn't installed")
	}
}

// TestAPKReplaces installs two packages of one layer with a file of one path, each of
// which is large enough for a layer of its own: the one with the greater priority has it,
// though the other one comes later.
func TestAPKReplaces(t *testing.T) {
	h := house.New(t)
	large := func(seed uint8) string {
		data := make([]byte, 3<<20)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(data) // it never fails
		return string(data)
	}
	a := testenv.NewAPKArchive(t,
		testenv.APK{Name: "first", Version: "1-r0", Info: []string{"replaces = second", "replaces_priority = 10"}, Files: map[string]string{"usr/share/x": "first\n", "usr/share/first": large(1)}},
		testenv.APK{Name: "second", Version: "1-r0", Info: []string{"replaces = first", "replaces_priority = 5"}, Files: map[string]string{"usr/share/x": "second\n", "usr/share/second": large(2)}},
	)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - packages:
      names: [first, second]
      repositories: [{type: apk, uri: "`+a.URL+`", signed_by: `+a.KeyName+`}]
`)
	house.Write(t, filepath.Join(dir, a.KeyName), a.Key)
	w := h.ByStrata()
	house.Want(t, "the file", house.Read(t, w.Files(t, house.Flags(dir)...), "usr/share/x"), "first\n")
	h.MustLock(t, house.Hello(t), dir)
	house.Contains(t, house.Read(t, dir, "strata.lock"), `{name: second, version: "1-r0", arch: noarch, beside: first, `)
	root := w.Files(t, house.Flags(dir)...)
	house.Want(t, "the file by the lock", house.Read(t, root, "usr/share/x"), "first\n")
	installedIn(t, root, "lib/apk/db/installed")
}

// TestAPKFaults asks for what can't be had, and of archives no one should trust.
func TestAPKFaults(t *testing.T) {
	h := house.New(t)
	a, other := tools(t), testenv.NewAPKKey(t)
	lock := func(t *testing.T, names string, key []byte) (int, string) {
		t.Helper()
		dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - packages:
      names: [`+names+`]
      repositories: [{type: apk, uri: "`+a.URL+`", signed_by: `+a.KeyName+`}]
`)
		house.Write(t, filepath.Join(dir, a.KeyName), key)
		cmd := h.CLI.Command("lock", "--progress=plain", "--platform=linux/amd64", dir)
		cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
		out, _ := cmd.CombinedOutput()
		if _, err := os.Stat(filepath.Join(dir, "strata.lock")); err == nil {
			t.Error("there is a lock")
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	for names, wanted := range map[string][]string{
		"plan":         {"strata.yaml:4:15: ", "find the package plan: no repository has it; did you mean plain?"},
		"docs, lib=2":  {"strata.yaml:4:21: ", "find lib=2: no repository has such a version of lib; there is 1.0-r3"},
		"tool, '!lib'": {"strata.yaml:4:", "!lib and tool cannot be installed together: "},
		"plain@edge":   {"strata.yaml:4:15: ", "no repository has the tag edge"},
	} {
		status, out := lock(t, names, a.Key)
		if status != 2 {
			t.Errorf("%s: exit status %d, want 2", names, status)
		}
		house.Contains(t, out, wanted...)
	}
	if status, out := lock(t, "plain", other.Key); status != 1 {
		t.Errorf("another key: exit status %d\n%s", status, out)
	} else {
		house.Contains(t, out, "strata.yaml:4:7: ", "check the signature: the one by "+a.KeyName+" is not of this content")
	}
	file := filepath.Join(a.Dir, "x86_64/plain-3_rc1-r1.apk")
	data := []byte(house.Read(t, file))
	data[len(data)-20] ^= 1
	house.Write(t, file, data)
	if status, out := lock(t, "plain", a.Key); status != 1 {
		t.Errorf("an altered package: exit status %d\n%s", status, out)
	} else {
		house.Contains(t, out, "check the package plain 3_rc1-r1: ")
	}
}
