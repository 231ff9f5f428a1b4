// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

func sample() testenv.APK {
	return testenv.APK{
		Name: "jq", Version: "1.6-r2", Arch: "x86_64",
		Info:    []string{"depend = so:libc.musl-x86_64.so.1", "depend = oniguruma>=6", "provides = cmd:jq=1.6-r2", "triggers = /usr/share/jq /etc/jq"},
		Files:   map[string]string{"usr/bin/jq": "#!/bin/sh\n", "usr/bin/jqq": "-> jq", "etc/jq/": ""},
		Scripts: map[string]string{"post-install": "#!/bin/sh\nexit 0\n", "trigger": "#!/bin/sh\n"},
	}
}

func open(t *testing.T, file []byte) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestReadsAPackage(t *testing.T) {
	p := sample()
	file, record := testenv.NewAPKKey(t).Build(t, &p)
	a := open(t, file)
	if got := a.Info.Record(a.Checksum, a.Size); got != record {
		t.Errorf("its record is\n%s\nwant\n%s", got, record)
	}
	if len(a.Scripts) != 2 || a.Scripts[0].Name != "post-install" || a.Scripts[1].Name != "trigger" || !strings.Contains(string(a.Scripts[0].Body), "exit 0") {
		t.Errorf("scripts %v", a.Scripts)
	}
	if diff := cmp.Diff([]string{"/usr/share/jq", "/etc/jq"}, a.Info.Triggers); diff != "" {
		t.Error(diff)
	}
	r, err := a.Data()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sum, err := FileChecksum(h)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSpace(h.Name+" "+sum))
	}
	want := []string{"etc/", "etc/jq/", "usr/", "usr/bin/", "usr/bin/jq " + Q1([]byte("#!/bin/sh\n")), "usr/bin/jqq " + Q1([]byte("jq"))}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// Whatever byte changes, the package is no longer the one of the index, or no
// longer one at all; and one that is cut is never taken for whole.
func TestNoticesEveryChange(t *testing.T) {
	p := sample()
	key := testenv.NewAPKKey(t)
	file, _ := key.Build(t, &p)
	want := open(t, file).Checksum
	good := func(file []byte) bool {
		a, err := Open(bytes.NewReader(file), int64(len(file)))
		if err != nil || a.Checksum != want {
			return false
		}
		r, err := a.Data()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return err == nil
	}
	if !good(file) {
		t.Fatal("the package isn't good to begin with")
	}
	_, after, err := ReadMember(bytes.NewReader(file), 0, int64(len(file)), MaxControl)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(file) {
		if good(file[:n]) {
			t.Errorf("cut to %d of %d bytes it is good", n, len(file))
		}
		if n < int(after) {
			continue // signatures of a package aren't looked at
		}
		changed := bytes.Clone(file)
		changed[n] ^= 0x01
		if good(changed) {
			t.Errorf("with byte %d changed it is good", n)
		}
	}
}

func TestRefusesWhatIsNoPackage(t *testing.T) {
	key := testenv.NewAPKKey(t)
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("hello, world"), "format 3": []byte("ADB.pckg and more"), "gzip of nothing": {0x1f, 0x8b, 8, 0},
		"an index": key.Index(t, "C:Q1\n"),
	} {
		if _, err := Open(bytes.NewReader(file), int64(len(file))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadsTheDatabase(t *testing.T) {
	sum := Q1([]byte("x"))
	text := "C:" + sum + "\nP:base\nV:1-r0\nA:x86_64\nS:1\nI:2\nT:\nU:\nL:\nr:old\nF:\nF:etc\nR:shadow\na:0:42:640\nZ:" + sum +
		"\nF:tmp\nM:0:0:1777\nF:usr\nF:usr/bin\nR:a\na:0:0:755:" + sum + "\nZ:" + sum + "\n\n\nC:" + sum + "\nP:.virtual\nV:20240101.1\n"
	var all []*Record
	if err := ReadRecords(text, func(r *Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Replaces != "old" || all[1].Name != ".virtual" {
		t.Fatalf("%+v", all)
	}
	files, err := all[0].Files()
	want := []File{
		{Path: "", Folder: true, Mode: 0o755},
		{Path: "etc", Folder: true, Mode: 0o755},
		{Path: "etc/shadow", Mode: 0o640, GID: 42, Checksum: sum},
		{Path: "tmp", Folder: true, Mode: 0o1777},
		{Path: "usr", Folder: true, Mode: 0o755},
		{Path: "usr/bin", Folder: true, Mode: 0o755},
		{Path: "usr/bin/a", Mode: 0o755, Checksum: sum, XAttrs: sum},
	}
	if diff := cmp.Diff(want, files); diff != "" || err != nil {
		t.Error(diff, err)
	}
	var again strings.Builder
	for _, f := range files {
		again.WriteString(f.Lines())
	}
	if !strings.Contains(text, "r:old\n"+again.String()+"\n") {
		t.Errorf("written again it is\n%s", again.String())
	}
	for _, bad := range []string{"P:x\n", "hello\n", "C:" + sum + "\nP:a/b\nV:1\n", "C:" + sum + "\nP:a\nV:1\nS:-1\n", "C:Q1zz\nP:a\nV:1\n"} {
		if err := ReadRecords(bad, func(*Record) error { return nil }); err == nil || !strings.Contains(err.Error(), "line 1") && !strings.Contains(err.Error(), "line 4") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRefusesBadInfo(t *testing.T) {
	good := "pkgname = a\npkgver = 1-r0\narch = noarch\n"
	if _, err := ParseInfo(good + "# x\nunknown = y\n"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "pkgname = a\n", good + "nonsense\n", good + "size = -1\n", good + "depend = a>\n", good + "datahash = 12\n",
		good + "pkgname = ../a\n", good + "pkgname = a b\n", good + "pkgver = 1.\n", good + "pkgdesc = a\x01b\n", good + "provider_priority = x\n",
	} {
		if _, err := ParseInfo(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
