// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestTableIsWhole wants every entry to say everything, and what the code asks for
// to be in the table.
func TestTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range Table() {
		key := q.Package + " " + q.File
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if q.Package == "" || q.File == "" || q.Since < 11 || q.Known == "" || q.Saves == "" || q.Otherwise == "" {
			t.Errorf("%s: the entry isn't whole: %+v", key, q)
		}
		if (len(q.Seen) > 0) == (len(q.Texts) > 0) {
			t.Errorf("%s: want either whole files or texts", key)
		}
		for _, v := range q.Seen {
			if sum, err := hex.DecodeString(v.SHA256); err != nil || len(sum) != sha256.Size || v.Releases == "" {
				t.Errorf("%s: %+v", key, v)
			}
		}
	}
	for _, key := range []string{
		"ca-certificates /usr/sbin/" + certificatesProgram, "ca-certificates config", "python3.N postinst", "python3.N-minimal postinst",
	} {
		if name, file, _ := strings.Cut(key, " "); of(name, file).Package == "" {
			t.Errorf("the table has no %s", key)
		}
	}
	if of("ca-certificates", "nothing").Matches(Package{Name: "ca-certificates"}, "") {
		t.Error("what isn't in the table matches")
	}
}

func TestMatches(t *testing.T) {
	sum := sha256.Sum256([]byte("run python3.N VERSION libx:ARCH\n"))
	python := Quirk{Package: "python3.N-minimal", Seen: []Version{{"12", hex.EncodeToString(sum[:])}}}
	texts := Quirk{Package: "pack", Texts: []string{"one", "two"}}
	for _, c := range []struct {
		name string
		q    Quirk
		p    Package
		text string
		want bool
	}{
		{"any version", python, Package{"python3.13-minimal", "3.13.5-2", "arm64"}, "run python3.13 3.13.5-2 libx:arm64\n", true},
		{"another architecture", python, Package{"python3.13-minimal", "3.13.5-2", "arm64"}, "run python3.13 3.13.5-2 libx:amd64\n", false},
		{"another Python", python, Package{"python3.13-minimal", "3.13.5-2", "arm64"}, "run python3.11 3.13.5-2 libx:arm64\n", false},
		{"another package", python, Package{"python3.13", "3.13.5-2", "arm64"}, "run python3.13 3.13.5-2 libx:arm64\n", false},
		{"no version in the name", python, Package{"python3-minimal", "3.13.5-2", "arm64"}, "run python3.N VERSION libx:ARCH\n", false},
		{"more in the name", python, Package{"python3.x-minimal", "3.13.5-2", "arm64"}, "run python3.N VERSION libx:ARCH\n", false},
		{"texts", texts, Package{Name: "pack"}, "two, then one", true},
		{"a text that is missing", texts, Package{Name: "pack"}, "two", false},
		{"texts of another package", texts, Package{Name: "packet"}, "two, then one", false},
		{"no texts", Quirk{Package: "pack"}, Package{Name: "pack"}, "", false},
	} {
		if got := c.q.Matches(c.p, c.text); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestOnlyPythonCompiles looks at Python's packages as Debian has them today.
func TestOnlyPythonCompiles(t *testing.T) {
	var known []string
	for _, d := range testenv.DebianPackages(t, "python3") {
		if strings.HasPrefix(d.Name, "python3") && OnlyCompiles(Package{Name: d.Name, Architecture: d.Arch}, scriptOf(t, d, "postinst")) {
			known = append(known, d.Name)
		}
	}
	slices.Sort(known)
	if len(known) != 2 || known[1] != known[0]+"-minimal" {
		t.Errorf("those that only compile are %q, want those of Python", known)
	}
}
