// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/unpack"
	"github.com/strata-build/strata/internal/testenv"
)

// lab unpacks packages and puts them on a root, as BuildKit's merge does.
type lab struct {
	t    *testing.T
	key  *testenv.APKArchive
	root string
	meta string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	return &lab{t: t, key: testenv.NewAPKKey(t), root: t.TempDir()}
}

// unpack unpacks a group of packages, and says what went wrong.
func (l *lab) unpack(image string, packages ...testenv.APK) (out string, err error) {
	l.t.Helper()
	in, out := l.t.TempDir(), l.t.TempDir()
	l.meta = l.t.TempDir()
	var files []string
	for i := range packages {
		data, _ := l.key.Build(l.t, &packages[i])
		file := filepath.Join(in, fmt.Sprintf("%02d.apk", i))
		must(l.t, os.WriteFile(file, data, 0o644))
		files = append(files, file)
	}
	must(l.t, os.Mkdir(filepath.Join(l.meta, "0000"), 0o755))
	return out, Unpack(l.t.Context(), files, out, filepath.Join(l.meta, "0000"), image, nil)
}

// install unpacks packages onto the root and installs them there.
func (l *lab) install(scripts Scripts, wanted []string, packages ...testenv.APK) error {
	l.t.Helper()
	out, err := l.unpack("", packages...)
	must(l.t, err)
	if text, err := exec.Command("cp", "-a", out+"/.", l.root).CombinedOutput(); err != nil { //nolint:noctx // it ends at once
		l.t.Fatalf("%v\n%s", err, text)
	}
	return Install(l.t.Context(), Options{Meta: l.meta, Scripts: scripts, Wanted: wanted, Root: l.root})
}

// put unpacks groups of packages for the root, puts one after the other on it, as BuildKit's
// merge does, and installs all of them.
func (l *lab) put(opt Options, groups ...[]testenv.APK) error {
	l.t.Helper()
	meta, outs := l.t.TempDir(), []string{}
	for i, packages := range groups {
		out, err := l.unpack(l.root, packages...)
		must(l.t, err)
		must(l.t, os.Rename(filepath.Join(l.meta, "0000"), filepath.Join(meta, fmt.Sprintf("%04d", i))))
		outs = append(outs, out)
	}
	for _, out := range outs {
		// It leaves what it can't put there, such as a link in the place of a directory.
		_ = exec.CommandContext(l.t.Context(), "cp", "-a", "--remove-destination", out+"/.", l.root).Run()
	}
	opt.Meta, opt.Root = meta, l.root
	return Install(l.t.Context(), opt)
}

func (l *lab) read(name string) string {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(l.root, name))
	must(l.t, err)
	return string(data)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestInstallsOnScratch(t *testing.T) {
	l := newLab(t)
	err := l.install(Follow, []string{"app=1.0-r0", "lib"},
		testenv.APK{
			Name: "app", Version: "1.0-r0", Arch: "x86_64", Info: []string{"depend = lib", "triggers = /usr/bin"},
			Files:   map[string]string{"usr/bin/app": "#!/bin/sh\n", "usr/bin/a": "-> app", "etc/app.conf": "x"},
			Headers: map[string]func(*tar.Header){"etc/app.conf": func(h *tar.Header) { h.Mode, h.Uid, h.Gid, h.Uname = 0o640, 5, 42, "svc" }},
			Scripts: map[string]string{"post-install": "#!/bin/sh\nexit 0\n"},
		},
		testenv.APK{Name: "lib", Version: "2-r1", Info: []string{"replaces = oldlib", "provides = so:lib=2"}, Files: map[string]string{"lib/lib.so": "so", "var/empty/": ""}},
		testenv.APK{Name: "accounts", Version: "1-r0", Files: map[string]string{"etc/passwd": "root:x:0:0\nsvc:x:77:77\n"}},
	)
	must(t, err)
	db := l.read("lib/apk/db/installed")
	for _, want := range []string{
		"F:etc\nR:app.conf\na:77:42:640\nZ:" + control.Q1([]byte("x")) + "\nF:usr\nF:usr/bin\nR:a\na:0:0:777\nZ:" + control.Q1([]byte("app")) +
			"\nR:app\na:0:0:755\nZ:" + control.Q1([]byte("#!/bin/sh\n")) + "\n\n",
		"p:so:lib=2\nr:oldlib\nF:lib\nR:lib.so\n",
	} {
		if !strings.Contains(db, want) {
			t.Errorf("the database lacks\n%s\nit is\n%s", want, db)
		}
	}
	if strings.Index(db, "P:accounts") > strings.Index(db, "P:app") || strings.Index(db, "P:lib") > strings.Index(db, "P:app") {
		t.Errorf("packages aren't in the order of their needs:\n%s", db)
	}
	if got := l.read("etc/apk/world"); got != "app=1.0-r0\nlib\n" {
		t.Errorf("world is %q", got)
	}
	if got := l.read("lib/apk/db/triggers"); !strings.HasSuffix(got, "= /usr/bin\n") {
		t.Errorf("triggers are %q", got)
	}
	if got := l.read("lib/apk/db/scripts.tar"); !strings.Contains(got, "app-1.0-r0.Q1") || !strings.Contains(got, ".post-install") {
		t.Errorf("scripts.tar is %q", got)
	}
	var st unix.Stat_t
	must(t, unix.Lstat(filepath.Join(l.root, "etc/app.conf"), &st))
	if st.Uid != 77 || st.Gid != 42 || st.Mode&0o7777 != 0o640 || st.Mtim.Sec != 1700000000 {
		t.Errorf("the file is %d:%d %o of %d", st.Uid, st.Gid, st.Mode, st.Mtim.Sec)
	}
}

func TestRefusesScriptsOnScratch(t *testing.T) {
	p := testenv.APK{Name: "nginx", Version: "1-r0", Scripts: map[string]string{"pre-install": "#!/bin/sh\nadduser -S nginx\nexit 0\n"}}
	l := newLab(t)
	err := l.install(Follow, nil, p)
	if err == nil || !strings.Contains(err.Error(), "nginx: pre-install: adduser -S nginx (line 2)") || !strings.Contains(err.Error(), "scripts: skip") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(l.root, "lib/apk/db/installed")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the database was written all the same: %v", err)
	}
	must(t, newLab(t).install(Skip, nil, p))
}

func TestUpgradesAndKeepsWhatOthersHave(t *testing.T) {
	l := newLab(t)
	must(t, l.install(Follow, []string{"a", "b"},
		testenv.APK{Name: "a", Version: "1-r0", Files: map[string]string{"usr/a/old": "1", "usr/a/same": "1", "etc/a": "1", "etc/mine": "1"}},
		testenv.APK{Name: "b", Version: "1-r0", Files: map[string]string{"usr/a/b": "1", "usr/b/file": "b"}},
	))
	must(t, os.WriteFile(filepath.Join(l.root, "etc/mine"), []byte("changed"), 0o644))
	must(t, l.install(Follow, []string{"c"},
		testenv.APK{Name: "a", Version: "2-r0", Files: map[string]string{"usr/a/new": "2", "usr/a/same": "2"}},
		testenv.APK{Name: "c", Version: "1-r0", Info: []string{"replaces = b<2"}, Files: map[string]string{"usr/b/file": "c"}},
	))
	for name, there := range map[string]bool{
		"usr/a/old": false, "usr/a/new": true, "usr/a/same": true, "usr/a/b": true, "etc/a": false, "etc/mine": true,
	} {
		if _, err := os.Stat(filepath.Join(l.root, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
	db := l.read("lib/apk/db/installed")
	if strings.Count(db, "R:file\n") != 1 || strings.Count(db, "P:a\n") != 1 || !strings.Contains(db, "P:a\nV:2-r0\n") || strings.Contains(db, "R:old\n") {
		t.Errorf("the database is\n%s", db)
	}
	if got := l.read("etc/apk/world"); got != "a\nb\nc\n" {
		t.Errorf("world is %q", got)
	}
	err := l.install(Follow, nil, testenv.APK{Name: "d", Version: "1-r0", Files: map[string]string{"usr/a/b": "d"}})
	if err == nil || !strings.Contains(err.Error(), "d and b of the base both have /usr/a/b") {
		t.Errorf("a file of another package: %v", err)
	}
}

// TestReplacesPriority installs packages with one file of one path: apk leaves it to the
// package with the greater priority among those that replace the other's, and between
// equals to the later one. The wanted owners are those of apk 2.14 and 3.
func TestReplacesPriority(t *testing.T) {
	info := func(replaces string, priority int) []string {
		if replaces == "" {
			return nil
		}
		out := []string{"replaces = " + replaces}
		if priority > 0 {
			out = append(out, fmt.Sprintf("replaces_priority = %d", priority))
		}
		return out
	}
	for _, c := range []struct {
		name  string
		a, b  []string
		owner string
	}{
		{"the first is greater", info("b", 10), info("a", 5), "a"},
		{"the second is greater", info("b", 5), info("a", 10), "b"},
		{"equals", info("b", 5), info("a", 5), "b"},
		{"no priorities", info("b", 0), info("a", 0), "b"},
		{"only the first replaces", info("b", 0), nil, "a"},
		{"only the second replaces", nil, info("a", 0), "b"},
		{"another version", info("b<1", 10), info("a", 0), "b"},
		{"a priority for another", info("c", 10), info("a", 0), "b"},
		{"neither", nil, nil, ""},
	} {
		for _, reverse := range []bool{false, true} {
			l := newLab(t)
			packages := []testenv.APK{
				{Name: "a", Version: "1-r0", Info: c.a, Files: map[string]string{"usr/share/x": "a", "usr/share/a": "a"}},
				{Name: "b", Version: "1-r0", Info: c.b, Files: map[string]string{"usr/share/x": "b", "usr/share/b": "b"}},
			}
			if reverse {
				slices.Reverse(packages)
			}
			err := l.install(Follow, nil, packages...)
			if c.owner == "" {
				if err == nil || !strings.Contains(err.Error(), "a and b both have /usr/share/x") {
					t.Errorf("%s: %v", c.name, err)
				}
				continue
			}
			must(t, err)
			if got := l.read("usr/share/x"); got != c.owner {
				t.Errorf("%s: the file is %s's, want %s's", c.name, got, c.owner)
			}
			stanzas := strings.Split(l.read("lib/apk/db/installed"), "\n\n")
			for _, stanza := range stanzas {
				_, rest, _ := strings.Cut(stanza, "P:")
				if has := strings.Contains(stanza, "R:x\n"); rest != "" && has != (rest[:1] == c.owner) {
					t.Errorf("%s: the database says that %s has the file: %v", c.name, rest[:1], has)
				}
			}
		}
	}
}

// What the image has as a link stays one, and files go where it leads.
func TestFollowsTheImagesLinks(t *testing.T) {
	image := t.TempDir()
	for _, dir := range []string{"usr/lib", "tmp", "usr/sbin"} {
		must(t, os.MkdirAll(filepath.Join(image, dir), 0o755))
	}
	must(t, os.Chmod(filepath.Join(image, "tmp"), os.ModeSticky|0o777))
	for name, target := range map[string]string{"lib": "usr/lib", "bin": "/usr/bin", "out": "../../..", "loop": "loop"} {
		must(t, os.Symlink(target, filepath.Join(image, name)))
	}
	l := newLab(t)
	out, err := l.unpack(image, testenv.APK{Name: "a", Version: "1-r0", Files: map[string]string{
		"lib/a.so": "a", "bin/a": "a", "tmp/a": "a", "out/etc/a": "a", "lib/deep/b": "b",
	}})
	must(t, err)
	for _, name := range []string{"usr/lib/a.so", "usr/bin/a", "tmp/a", "etc/a", "usr/lib/deep/b"} {
		if _, err := os.Lstat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(out, "lib")); err == nil {
		t.Error("the layer has a /lib of its own")
	}
	if info, err := os.Stat(filepath.Join(out, "tmp")); err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o777 {
		t.Errorf("/tmp is %v, %v", info.Mode(), err)
	}
	if _, err := l.unpack(image, testenv.APK{Name: "a", Version: "1-r0", Files: map[string]string{"loop/a": "a"}}); err == nil {
		t.Error("a link to itself is followed")
	}
}

func TestRefusesHostileArchives(t *testing.T) {
	header := func(change func(*tar.Header)) testenv.APK {
		return testenv.APK{Name: "evil", Version: "1-r0", Files: map[string]string{"usr/x": "x", "usr/y": "y"}, Headers: map[string]func(*tar.Header){"usr/y": change}}
	}
	l := newLab(t)
	for name, c := range map[string]struct {
		p    testenv.APK
		want string
	}{
		"out of the root":      {header(func(h *tar.Header) { h.Name = "../../etc/x" }), "leads out of the root"},
		"within, out and back": {header(func(h *tar.Header) { h.Name = "usr/../../x" }), "leads out of the root"},
		"absolute":             {header(func(h *tar.Header) { h.Name = "/etc/x" }), "is absolute"},
		"a deletion":           {header(func(h *tar.Header) { h.Name = "usr/.wh.x" }), "would be a deletion"},
		"a device":             {header(func(h *tar.Header) { h.Typeflag, h.Size, h.Devmajor, h.PAXRecords = tar.TypeChar, 0, 1, nil }), "device node"},
		"a hard link out":      {header(func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeLink, "../../etc/passwd", 0 }), "leads out of the root"},
		"a hard link nowhere":  {header(func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeLink, "etc/passwd", 0 }), "isn't a file before it"},
		"another checksum": {header(func(h *tar.Header) {
			h.PAXRecords = map[string]string{"APK-TOOLS.checksum.SHA1": strings.Repeat("0", 40)}
		}), "checksum differs"},
		"a strange attribute": {header(func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr.security.selinux": "x"} }), "extended attribute"},
		"the database":        {testenv.APK{Name: "evil", Version: "1-r0", Files: map[string]string{"lib/apk/db/installed": "x"}}, "a part of apk's database"},
		"below its own link": {testenv.APK{
			Name: "evil", Version: "1-r0", Files: map[string]string{"a": "-> /etc", "b": "x"},
			Headers: map[string]func(*tar.Header){"b": func(h *tar.Header) { h.Name = "a/passwd" }},
		}, "lead out of its place"},
		"a bomb": {testenv.APK{Name: "evil", Version: "1-r0", Files: map[string]string{"bomb": strings.Repeat("\x00", 66<<20)}}, "decompression bomb"},
	} {
		_, err := l.unpack("", c.p)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "evil 1-r0") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, err := unpack.CleanPath("a/.wh.b"); !errors.Is(err, unpack.ErrPath) {
		t.Error(err)
	}
}
