// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	packages "github.com/strata-build/strata/internal/distro/command"
	"github.com/strata-build/strata/internal/distro/unpack"
	"golang.org/x/sys/unix"
)

// sample are packages with everything that a package may have.
func sample(t testing.TB, compression string) []string {
	return []string{
		buildDeb(t, compression, "hello", "Installed-Size: 10\n",
			sourceFile{name: "usr/bin/hello", text: "#!/bin/sh\n", mode: 0o4755},
			sourceFile{name: "usr/bin/also", target: "=usr/bin/hello"},
			sourceFile{name: "bin/short", text: "short\n", mode: 0o755},
			sourceFile{name: "lib/hello/link", target: "../../bin/short"},
			sourceFile{name: "usr/share/hello/secret", text: "s\n", mode: 0o640, uid: 0, gid: 42},
			sourceFile{name: "usr/share/hello/großer Name", text: ""},
			sourceFile{name: "var/mail/", mode: 0o2775, gid: 8},
			sourceFile{name: "etc/hello.conf", text: "a=1\n"},
			sourceFile{name: "etc/hello.d/more", text: "b=2\n"},
			sourceFile{name: "DEBIAN/conffiles", text: "/etc/hello.conf\n/etc/hello.d/more\n"},
			sourceFile{name: "DEBIAN/triggers", text: "interest-noawait /usr/share/hello\ninterest hello-trigger\n"},
		),
		buildDeb(t, compression, "libhello1", "Multi-Arch: same\nDepends: hello\n",
			sourceFile{name: "lib/x86_64-linux-gnu/libhello.so.1.0", text: "ELF\n"},
			sourceFile{name: "lib/x86_64-linux-gnu/libhello.so.1", target: "libhello.so.1.0"},
			sourceFile{name: "usr/share/hello/from-lib", text: strings.Repeat("long\n", 100)},
			sourceFile{name: "DEBIAN/md5sums", text: "d41d8cd98f00b204e9800998ecf8427e  usr/share/hello/from-lib\n"},
			sourceFile{name: "DEBIAN/triggers", text: "activate-noawait ldconfig\n"},
		),
	}
}

// emptyRoot is a root with links into /usr and an empty database of dpkg, for
// dpkg to install packages without scripts in.
func emptyRoot(t testing.TB, config string) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755))
	for _, dir := range []string{"usr/bin", "usr/lib", "usr/sbin", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "etc/dpkg/dpkg.cfg.d"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	for _, top := range []string{"bin", "lib", "sbin"} {
		must(t, os.Symlink("usr/"+top, filepath.Join(root, top)))
	}
	must(t, os.WriteFile(filepath.Join(root, statusFile), nil, 0o644))
	must(t, os.WriteFile(filepath.Join(root, "etc/dpkg/dpkg.cfg.d/docker"), []byte(config), 0o644))
	return root
}

// dpkgInstalls lets the machine's dpkg install packages in an empty root, and
// returns the tree without what Unpack leaves to others.
func dpkgInstalls(t testing.TB, config string, debs ...string) string {
	t.Helper()
	root := emptyRoot(t, config)
	argv := []string{"dpkg", "--root=" + root, "--force-depends", "--force-unsafe-io", "--log=/dev/null"}
	for _, filter := range parseFilters(config) {
		argv = append(argv, map[byte]string{'-': "--path-exclude=", '+': "--path-include="}[filter[0]]+filter[1:])
	}
	command(t, append(append(argv, "--install"), debs...)...)
	for _, name := range []string{
		"var/lib/dpkg/status", "var/lib/dpkg/status-old", "var/lib/dpkg/triggers", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend",
		"var/lib/dpkg/updates", "var/lib/dpkg/info/format", "etc/dpkg", "bin", "lib", "sbin", "usr/sbin",
	} {
		must(t, os.RemoveAll(filepath.Join(root, name)))
	}
	lists, err := filepath.Glob(filepath.Join(root, infoDir, "*.list"))
	must(t, err)
	lists = append(lists, filepath.Join(root, infoDir, "hello.md5sums")) // dpkg makes it, now
	for _, list := range lists {
		must(t, unpack.SetTime(unix.AT_FDCWD, list, unix.Timespec{}))
	}
	return listing(t, root, false)
}

func TestUnpacksAsDpkgDoes(t *testing.T) {
	for _, compression := range []string{"none", "gzip", "xz", "zstd"} {
		debs := sample(t, compression)
		out, _ := unpackTo(t, UnpackOptions{}, debs...)
		want := dpkgInstalls(t, "", debs...)
		if diff := cmp.Diff(want, listing(t, out, false)); diff != "" {
			t.Errorf("%s: another tree than dpkg's (-dpkg +ours):\n%s", compression, diff)
		}
	}
}

func TestLeavesOutWhatDpkgDoes(t *testing.T) {
	const config = "force-unsafe-io\npath-exclude=/usr/share/hello/*\npath-include /x\npath-include=/usr/share/hello/from*\npath-exclude = \"/etc/hello.d/*\"\npath-exclude=/lib/*/libhello.so.?\n"
	filters := parseFilters(config)
	debs := sample(t, "none")
	out, _ := unpackTo(t, UnpackOptions{Filters: filters}, debs...)
	if diff := cmp.Diff(dpkgInstalls(t, config, debs...), listing(t, out, false)); diff != "" {
		t.Errorf("another tree than dpkg's (-dpkg +ours):\n%s", diff)
	}
}

func TestUnpackingTwiceGivesTheSame(t *testing.T) {
	debs := sample(t, "xz")
	out1, meta1 := unpackTo(t, UnpackOptions{}, debs...)
	out2, meta2 := unpackTo(t, UnpackOptions{Memory: 1}, debs...)
	if diff := cmp.Diff(listing(t, out1, true)+listing(t, meta1, true), listing(t, out2, true)+listing(t, meta2, true)); diff != "" {
		t.Errorf("the second time differs (-first +second):\n%s", diff)
	}
	if !strings.Contains(listing(t, out1, true), "/usr 040755 0:0 @0\n") {
		t.Errorf("directories don't have the time 1970-01-01:\n%s", listing(t, out1, true))
	}
}

// TestUnpacksInParts divides packages: the parts together are the whole, none has
// what another one has, and each has its share.
func TestUnpacksInParts(t *testing.T) {
	debs := append(sample(t, "xz"), buildDeb(t, "xz", "large", "",
		sourceFile{name: "usr/lib/large/1", text: strings.Repeat("1", 70000)},
		sourceFile{name: "usr/lib/large/also-1", target: "=usr/lib/large/1"},
		sourceFile{name: "usr/lib/large/2", text: strings.Repeat("2", 50000)},
		sourceFile{name: "usr/lib/large/3", text: strings.Repeat("3", 60000)},
	))
	whole, meta := unpackTo(t, UnpackOptions{}, debs...)
	more := []string{t.TempDir(), t.TempDir()}
	first, metaOfParts := unpackTo(t, UnpackOptions{More: more}, debs...)
	if diff := cmp.Diff(listing(t, meta, true), listing(t, metaOfParts, true)); diff != "" {
		t.Errorf("another account of the packages (-whole +parts):\n%s", diff)
	}
	merged := t.TempDir()
	files := map[string]bool{}
	for i, part := range append([]string{first}, more...) {
		for _, name := range filesIn(t, part) {
			if files[name] {
				t.Errorf("%s is in two parts", name)
			}
			files[name] = true
		}
		if out, err := exec.Command("du", "--apparent-size", "--bytes", "--summarize", part+"/usr/lib/large").Output(); err != nil || !bytes.ContainsAny(out[:1], "567") {
			t.Errorf("part %d has %s of the large package: %v", i, out, err)
		}
		command(t, "cp", "--archive", "--no-target-directory", part, merged)
	}
	if diff := cmp.Diff(listing(t, whole, true), listing(t, merged, true)); diff != "" {
		t.Errorf("another tree (-whole +parts):\n%s", diff)
	}
}

// TestPartsOfManyPackages divides packages that have one file each.
func TestPartsOfManyPackages(t *testing.T) {
	var debs []string
	for i := range 24 {
		name := fmt.Sprintf("lib%c%d", 'a'+i, i)
		debs = append(debs, buildDeb(t, "none", name, "", sourceFile{name: "usr/lib/" + name + ".so", text: name}))
	}
	more := t.TempDir()
	first, _ := unpackTo(t, UnpackOptions{More: []string{more}}, debs...)
	for i, part := range []string{first, more} {
		if n := len(filesIn(t, part+"/usr/lib")); n < 6 || n > 18 {
			t.Errorf("part %d has %d of 24 files", i, n)
		}
	}
}

// TestInterruptedBase has notes that dpkg would take for newer than its database.
func TestInterruptedBase(t *testing.T) {
	base := t.TempDir()
	if err := checkUpdates(base); err != nil {
		t.Errorf("a base without dpkg: %v", err)
	}
	writeFile(t, base+"/var/lib/dpkg/updates/tmp.i", "")
	if err := checkUpdates(base); err != nil {
		t.Errorf("a base without notes: %v", err)
	}
	writeFile(t, base+"/var/lib/dpkg/updates/0001", "Package: x\n")
	if err := checkUpdates(base); err == nil || !strings.Contains(err.Error(), "dpkg was interrupted in the base") {
		t.Errorf("a base with a note: %v", err)
	}
}

// filesIn are the paths in a directory that aren't directories.
func filesIn(t testing.TB, root string) []string {
	t.Helper()
	var names []string
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(p, root))
		}
		return err
	}))
	return names
}

func TestRefusesHostilePackages(t *testing.T) {
	for name, c := range map[string]struct {
		entries []tar.Header
		want    string
	}{
		"up":                  {[]tar.Header{{Name: "./../../etc/passwd"}}, "leads out of the root"},
		"up in the middle":    {[]tar.Header{{Name: "./usr/../../x"}}, "leads out of the root"},
		"absolute":            {[]tar.Header{{Name: "/etc/passwd"}}, "is absolute"},
		"through a link":      {[]tar.Header{{Name: "./usr/x", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, {Name: "./usr/x/passwd"}}, "the package itself has /usr/x as a link"},
		"directory on a link": {[]tar.Header{{Name: "./usr/x", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, {Name: "./usr/x/", Typeflag: tar.TypeDir}}, "the package has it twice"},
		"through a file":      {[]tar.Header{{Name: "./usr/x"}, {Name: "./usr/x/y"}}, "the package itself has /usr/x as a file"},
		"file twice":          {[]tar.Header{{Name: "./usr/x"}, {Name: "./usr/x"}}, "the package has it twice"},
		"twice by usr":        {[]tar.Header{{Name: "./bin/x"}, {Name: "./usr/bin/x"}}, "the package has it twice"},
		"hard link out":       {[]tar.Header{{Name: "./usr/x", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"}}, "leads out of the root"},
		"hard link to link":   {[]tar.Header{{Name: "./x", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"}, {Name: "./y", Typeflag: tar.TypeLink, Linkname: "./x"}}, "which isn't a file before it"},
		"hard link nowhere":   {[]tar.Header{{Name: "./y", Typeflag: tar.TypeLink, Linkname: "./x"}}, "which isn't a file before it"},
		"device":              {[]tar.Header{{Name: "./dev/sda", Typeflag: tar.TypeBlock, Devmajor: 8}}, "device node"},
		"character device":    {[]tar.Header{{Name: "./dev/mem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1}}, "device node"},
		"deletion":            {[]tar.Header{{Name: "./etc/.wh.passwd"}}, "a deletion"},
		"database":            {[]tar.Header{{Name: "./var/lib/dpkg/status"}}, "dpkg's database"},
		"newline":             {[]tar.Header{{Name: "./usr/a\nb"}}, "newline"},
		"bomb":                {[]tar.Header{{Name: "./usr/zeros", Size: 100 << 20}}, "decompression bomb"},
		"owner of 2^33":       {[]tar.Header{{Name: "./usr/x", Uid: 1 << 33, Format: tar.FormatPAX}}, "can't be an owner"},
		"group of 2^32-1":     {[]tar.Header{{Name: "./usr/x", Gid: 1<<32 - 1, Format: tar.FormatPAX}}, "can't be an owner"},
		"odd type":            {[]tar.Header{{Name: "./x", Typeflag: 'Z'}}, "unknown type"},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			err := Unpack(context.Background(), []string{rawDeb(t, "", c.entries...)}, out, t.TempDir(), UnpackOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "package evil 1") {
				t.Errorf("error %v, want one about package evil and %q", err, c.want)
			}
		})
	}
}

// TestPackagesAreWhatTheIndexSays reads a package that is another one, on both ways.
func TestPackagesAreWhatTheIndexSays(t *testing.T) {
	deb := buildDeb(t, "none", "pack", "", sourceFile{name: "usr/lib/pack/file", text: "x"})
	info, err := os.Stat(deb)
	must(t, err)
	right := packages.Expected{File: "pack.deb", Name: "pack", Version: "1.0-1", Arch: "amd64", Size: info.Size()}
	for what, change := range map[string]func(*packages.Expected){
		"":                    func(*packages.Expected) {},
		"name":                func(e *packages.Expected) { e.Name = "other" },
		"version":             func(e *packages.Expected) { e.Version = "1.0-2" },
		"architecture":        func(e *packages.Expected) { e.Arch = "all" },
		"says 5":              func(e *packages.Expected) { e.Size = 5 },
		"9223372036854775807": func(e *packages.Expected) { e.Size = 1<<63 - 1 },
	} {
		want := right
		change(&want)
		unpacking := Unpack(context.Background(), []string{deb}, t.TempDir(), t.TempDir(), UnpackOptions{Expected: []packages.Expected{want}})
		_, native := expectedControl(deb, []packages.Expected{want})
		for way, err := range map[string]error{"unpack": unpacking, "native": native} {
			if (err == nil) != (what == "") || what != "" && (!errors.Is(err, packages.ErrNotIndexed) || !strings.Contains(err.Error(), what)) {
				t.Errorf("%s, another %q: %v", way, what, err)
			}
		}
	}
}

func TestRefusesADamagedPackage(t *testing.T) {
	deb := sample(t, "xz")[1]
	data, err := os.ReadFile(deb)
	must(t, err)
	for name, damaged := range map[string][]byte{
		"cut":     data[:len(data)-20],
		"changed": append(append([]byte{}, data[:len(data)-60]...), append([]byte{data[len(data)-60] ^ 1}, data[len(data)-59:]...)...),
	} {
		file := filepath.Join(t.TempDir(), "x.deb")
		must(t, os.WriteFile(file, damaged, 0o644))
		if err := Unpack(context.Background(), []string{file}, t.TempDir(), t.TempDir(), UnpackOptions{}); err == nil {
			t.Errorf("%s: unpacked", name)
		}
	}
}

func TestTwoPackagesWithOnePath(t *testing.T) {
	one := buildDeb(t, "none", "one", "", sourceFile{name: "usr/share/x", text: "one\n"}, sourceFile{name: "usr/share/d/", mode: 0o700}, sourceFile{name: "usr/l", target: "share"})
	two := buildDeb(t, "none", "two", "", sourceFile{name: "usr/share/x", text: "two\n"}, sourceFile{name: "usr/share/d/", mode: 0o750}, sourceFile{name: "usr/l/y", text: "y\n"})
	for range 20 {
		out, meta := unpackTo(t, UnpackOptions{}, one, two)
		list := listing(t, out, true)
		if !strings.Contains(list, `/usr/share/x 100644 0:0 @1500000000 "two\n"`) || !strings.Contains(list, "/usr/share/d 040700 ") {
			t.Fatalf("the second package's file or the first one's directory isn't there:\n%s", list)
		}
		groups, err := unpack.ReadGroups[*Package](filepath.Dir(meta))
		must(t, err)
		got := ""
		for _, g := range groups {
			for _, c := range g.Conflicts {
				got += fmt.Sprintln(c.Path, c.Packages)
			}
		}
		if !strings.Contains(got, "/usr/l [one two]\n") || !strings.Contains(got, "/usr/share/x [one two]\n") {
			t.Fatalf("the conflicts aren't noted: %q", got)
		}
	}
}

func TestPatternsMatchAsFnmatch(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/usr/share/doc/*", "/usr/share/doc/a/b", true},
		{"/usr/share/doc/*", "/usr/share/doc", false},
		{"/a/*/b", "/a/x/y/b", true},
		{"/a?c", "/a/c", true},
		{"/[a-c]x", "/bx", true},
		{"/[!a-c]x", "/bx", false},
		{"/[]]", "/]", true},
		{"/[", "/[", true},
		{`/\*`, "/*", true},
		{`/\*`, "/x", false},
		{"", "", true},
		{"*", "", true},
		{"a*", "ba", false},
		{"*ab*b", "abaabb", true},
		{"*a?b", "aabab", false},
		{`/a\`, `/a\`, false},
		{`[\]]`, "]", true},
		{`[\]-a]`, "_", true},
		{"[[:alpha:]]", "z", true},
		{"[[:alpha:]]", ":", false},
		{"[![:digit:]x]", "a", true},
		{"[[:alpha:]", "[a", true},
		{strings.Repeat("*a", 40) + "b", strings.Repeat("a", 4000), false},
	} {
		if got := matches(c.pattern, c.path); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.path, got, c.want)
		}
	}
}
