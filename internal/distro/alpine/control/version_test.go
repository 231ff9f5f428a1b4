// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// The order is that of apk's documentation and of its own tests' cases.
func TestOrdersVersions(t *testing.T) {
	for _, line := range []string{
		"0.1_alpha 0.1_alpha1 0.1_alpha10 0.1_beta 0.1_pre2 0.1_rc1 0.1_rc2 0.1 0.1_cvs1 0.1_svn20 0.1_git20240101 0.1_git20240101-r1 0.1_hg1 0.1_p1 0.1_p1-r2",
		"1 1-r0 1-r1 1-r10 1a 1b 1.0 1.0.0 1.0.1 1.01 1.02 1.1 1.1a 1.1.1 1.2 1.10 2",
		"1.2.3_git20240101~0a 1.2.3_git20240101~1 1.2.3_git20240101~ab-r1",
		"1_rc1_p1 1_rc1_p2 1 1_p1_git1",
		"3.2.1_p99999999999999999999 3.2.1_p100000000000000000000",
	} {
		all := strings.Fields(line)
		for i, a := range all {
			if !ValidVersion(a) {
				t.Errorf("%s isn't taken for a version", a)
			}
			for j, b := range all {
				if got := sign(CompareVersions(a, b)); got != sign(i-j) {
					t.Errorf("%s and %s: %d, want %d", a, b, got, sign(i-j))
				}
			}
		}
	}
	for _, same := range [][2]string{{"01", "1"}, {"1-r01", "1-r1"}, {"1_p01", "1_p1"}} {
		if CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%v differ", same)
		}
	}
	for _, bad := range []string{"", "a", "1.", "1..2", "1_", "1_foo", "1-1", "1-r", "1~", "1~x", "1-r1_p1", "1ab", "1a.2", "1-r1-r2", "1 ", "1_p1a"} {
		if ValidVersion(bad) {
			t.Errorf("%q is taken for a version", bad)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Comparing is an order: antisymmetric and transitive.
func TestVersionsAreInOneOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	part := func(of ...string) string { return of[r.IntN(len(of))] }
	version := func() string {
		v := part("0", "1", "2", "10")
		for range r.IntN(3) {
			v += "." + part("0", "1", "02", "9", "10", "011")
		}
		v += part("", "", "a", "b")
		for range r.IntN(2) {
			v += part("_alpha", "_beta2", "_pre", "_rc1", "_git20", "_p1", "_p")
		}
		return v + part("", "", "~ab", "~12") + part("", "-r0", "-r1", "-r12")
	}
	for range 20000 {
		a, b, c := version(), version(), version()
		if sign(CompareVersions(a, b)) != -sign(CompareVersions(b, a)) {
			t.Fatalf("%s and %s", a, b)
		}
		if CompareVersions(a, b) <= 0 && CompareVersions(b, c) <= 0 && CompareVersions(a, c) > 0 {
			t.Fatalf("%s <= %s <= %s, and not %[1]s <= %[3]s", a, b, c)
		}
	}
}

func TestReadsRelations(t *testing.T) {
	for text, want := range map[string]Relation{
		"a":                          {Name: "a", Op: Any},
		"!a":                         {Name: "a", Op: Any, Conflict: true},
		"a=1.2-r3":                   {Name: "a", Op: Equal, Version: "1.2-r3"},
		"a>=1":                       {Name: "a", Op: Greater | Equal, Version: "1"},
		"!a<2_rc1":                   {Name: "a", Op: Less, Version: "2_rc1", Conflict: true},
		"a~1.2":                      {Name: "a", Op: Fuzzy | Equal, Version: "1.2"},
		"a>~1.2":                     {Name: "a", Op: Greater | Fuzzy | Equal, Version: "1.2"},
		"a@edge":                     {Name: "a", Op: Any, Tag: "edge"},
		"a@edge=1":                   {Name: "a", Op: Equal, Version: "1", Tag: "edge"},
		"so:libc.musl-x86_64.so.1":   {Name: "so:libc.musl-x86_64.so.1", Op: Any},
		"so:libz.so.1=1.2.13":        {Name: "so:libz.so.1", Op: Equal, Version: "1.2.13"},
		"cmd:[=1":                    {Name: "cmd:[", Op: Equal, Version: "1"},
		"/bin/sh":                    {Name: "/bin/sh", Op: Any},
		"a><Q1" + "AAAAAAAAAAAAAAAA": {Name: "a", Op: Checksum, Version: "Q1AAAAAAAAAAAAAAAA"},
	} {
		got, err := ParseRelation(text)
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
		if got.String() != text {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for _, bad := range []string{"", "!", "!!a", "=1", "a=", "a<", "a==1", "a~~1", "a~=~1", "a=~=1", "a=x", "a<>=1", "a@", "a@x@y", "a b", "a=1@edge", "a\n", strings.Repeat("a", 2000)} {
		if r, err := ParseRelation(bad); err == nil {
			t.Errorf("%.20q is taken for %+v", bad, r)
		}
	}
}

func TestRelationsHold(t *testing.T) {
	for _, c := range []struct {
		relation, version string
		holds             bool
	}{
		{"a", "", true},
		{"a", "1", true},
		{"a=1", "", false},
		{"a<1", "", false},
		{"a=1", "1-r0", false},
		{"a>=1", "1-r0", true},
		{"a~1", "1-r0", true},
		{"a~1", "1.5-r3", true},
		{"a~1.5", "1", false},
		{"a~1.5", "1.50", false},
		{"a~1", "10", false},
		{"a~1.2.3", "1.2.3_git1-r4", true},
		{"a~=1.5", "1.5.2-r0", true},
		{"a~=1.5", "1.6-r0", false},
		{"a=~1.5", "1.5.2-r0", true},
		{"a>=~1.5", "1.5.2-r0", true},
		{"a<~=1.5", "1.6-r0", false},
		{"a~1.2-r1", "1.2-r10", false},
		{"a>~1.5", "1.5.2", true},
		{"a>~1.5", "1.6", true},
		{"a>~1.5", "1.4", false},
		{"a<~1.5", "1.5.2", true},
		{"a<~1.5", "1.6", false},
		{"a>1", "1_p1", true},
		{"a<1", "1_rc1", true},
	} {
		r, err := ParseRelation(c.relation)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Op.Holds(c.version, r.Version); got != c.holds {
			t.Errorf("%s holds for %q: %v", c.relation, c.version, got)
		}
	}
}
