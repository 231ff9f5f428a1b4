// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{Path: "", Directory: true, Mode: 0o755},
		{Path: "etc", Directory: true, Mode: 0o755},
		{Path: "etc/shadow", Mode: 0o640, GID: 42, Checksum: sum},
		{Path: "tmp", Directory: true, Mode: 0o1777},
		{Path: "usr", Directory: true, Mode: 0o755},
		{Path: "usr/bin", Directory: true, Mode: 0o755},
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
		good + "pkgname = ../a\n", good + "pkgname = a b\n", good + "pkgname = a=b\n", good + "pkgname = !b\n", good + "pkgver = 1.\n", good + "pkgdesc = a\x01b\n", good + "provider_priority = x\n",
	} {
		if _, err := ParseInfo(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestRelationsAreBounded(t *testing.T) {
	if _, err := ParseRelations(strings.Repeat("a ", MaxRelations)); err != nil {
		t.Error(err)
	}
	if _, err := ParseRelations(strings.Repeat("a ", 200_000)); !errors.Is(err, ErrRelation) {
		t.Errorf("200,000 dependencies: %v", err)
	}
}
