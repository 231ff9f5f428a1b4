// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"strings"
	"testing"
)

func FuzzVersion(f *testing.F) {
	for _, v := range []string{"1.2.3-r4", "1.02a_rc1_p2~abc-r1", "0", "1..", "_p", "9999999999999999999999.1"} {
		f.Add(v, "1.2")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := CompareVersions(a, b), CompareVersions(b, a)
		if ValidVersion(a) && ValidVersion(b) && sign(x) != -sign(y) {
			t.Errorf("%q and %q: %d and %d", a, b, x, y)
		}
		if CompareVersions(a, a) != 0 || ValidVersion(a) && strings.ContainsAny(a, " \n/") {
			t.Errorf("%q", a)
		}
	})
}

func FuzzRelations(f *testing.F) {
	for _, s := range []string{"a b>=1 !c", "so:x=1 cmd:y~2", "a@t><Q1x", "!", "a<>1", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseRelations(text)
		if err != nil {
			return
		}
		for _, r := range list {
			again, err := ParseRelation(r.String())
			if err != nil || again != r {
				t.Errorf("%+v is written as %q and read as %+v, %v", r, r.String(), again, err)
			}
		}
	})
}

func FuzzInfo(f *testing.F) {
	f.Add("pkgname = a\npkgver = 1-r0\narch = noarch\ndepend = b>1\nprovides = c=1\ntriggers = /a /b\nsize = 5\n")
	f.Add("# x\npkgname=a\npkgver=1\narch=x\nprovider_priority = 3\nbuilddate = 1\ninstall_if = a b\n")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := ParseInfo(text)
		if err != nil {
			return
		}
		// What it says of itself is one record with the same words.
		n := 0
		err = ReadRecords(in.Record(Q1(nil), 1), func(r *Record) error {
			if n++; r.Name != in.Name || r.Version != in.Version || r.Arch != in.Arch || r.Depends != strings.Join(in.Depends, " ") {
				t.Errorf("%+v as a record is %+v", in, r)
			}
			return nil
		})
		if err != nil || n != 1 {
			t.Errorf("%+v gives %d records, %v", in, n, err)
		}
	})
}

func FuzzRecords(f *testing.F) {
	sum := Q1(nil)
	f.Add("C:" + sum + "\nP:a\nV:1-r0\nA:x86_64\nS:1\nI:2\nD:b c\np:d=1\ni:e f\nk:3\n\nC:" + sum + "\nP:b\nV:1\n")
	f.Add("C:" + sum + "\nP:a\nV:1\nF:\nF:etc\nM:0:0:700\nR:x\na:1:2:644:Q1x\nZ:" + sum + "\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		total := 0
		_ = ReadRecords(text, func(r *Record) error {
			total += len(r.Text)
			if r.Name == "" || r.Version == "" || strings.ContainsAny(r.FileName(), "/\n ") {
				t.Errorf("%+v", r)
			}
			files, err := r.Files()
			for _, file := range files {
				if err == nil && strings.Contains(file.Path, "\n") {
					t.Errorf("%+v", file)
				}
			}
			return nil
		})
		if total > len(text) {
			t.Errorf("%d bytes of records in %d", total, len(text))
		}
	})
}
