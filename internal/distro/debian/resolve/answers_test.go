// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// TestHeld shows that what the base holds changes by name and with leave alone, as by
// apt-get --allow-change-held-packages.
func TestHeld(t *testing.T) {
	base := packages("tool 1\nlib 1", "Status: install ok installed\n")
	base = strings.Replace(base, "install ok installed", "hold ok installed", 1)
	base += "Package: back\nStatus: hold ok not-installed\nPriority: optional\nSection: x\n\n"
	held, err := index.ReadStatus(strings.NewReader(base))
	if err != nil {
		t.Fatal(err)
	}
	archive := listed(t, "stable", "tool 2\nlib 2\nback 1\nneeds 1; Depends: back\nor 1; Depends: back | lib (>= 2)")
	req := Request{Indexes: []*index.Index{archive}, Installed: held}
	for _, name := range []string{"tool", "back"} {
		req.Wanted, req.AllowHeld = wants(name), false
		req.Architecture = "amd64"
		var about *HeldError
		if _, err := Resolve(req); !errors.As(err, &about) || about.Name != name || about.Requested() != name {
			t.Errorf("%s: error %v", name, err)
		}
		req.AllowHeld = true
		if got, _ := resolved(t, req); len(got) != 1 || !strings.HasPrefix(got[0], name+"=") {
			t.Errorf("%s, with leave: %v", name, got)
		}
	}
	// Nothing but a request by name brings a held package in.
	req.Wanted = wants("needs")
	if _, err := Resolve(req); err == nil {
		t.Error("a package that is held back came in without a request")
	}
	req.Wanted, req.AllowHeld = wants("or"), false
	if got, _ := resolved(t, req); strings.Join(got, " ") != "lib=2 or=1" {
		t.Errorf("the other alternative: %v", got)
	}
	// Asked for as it is, a held package is no change.
	req.Indexes, req.Wanted = []*index.Index{listed(t, "stable", "tool 1")}, wants("tool")
	if got, _ := resolved(t, req); len(got) != 0 {
		t.Errorf("the same version: %v", got)
	}
}

// TestVirtualNames holds requests for virtual names to what apt-get -s does with the
// same archives.
func TestVirtualNames(t *testing.T) {
	for _, c := range []struct{ archive, want, get string }{
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v", "a=2"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v/s", "a=2"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v=13", "a=2"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v=12", "a=1"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "a v=12", "a=1"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v=2", "find version 2 of the package v"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v=1*", "find version 1* of the package v"},
		{"a 1; Provides: v (= 12)\na 2; Provides: v (= 13)", "v/zz", "find a version from zz of the package v"},
		{"a 1; Provides: v (= 12)\nb 1; Provides: v (= 13)", "v=12", "a=1"},
		{"a 1; Provides: v (= 12)\nb 1; Provides: v (= 13)", "v/s", "provided by a and b"},
		{"a 1; Provides: v (= 1)\nb 1; Provides: v (= 1)", "v=1", "provided by a and b"},
		{"a 1; Provides: v (= 1)\na 2; Provides: v (= 1)", "v=1", "a=2"},
		{"a 2; Provides: v (= 1)\na 1; Provides: v (= 1)", "v=1", "a=1"},
		{"v 1\na 1; Provides: v (= 9)", "v=9", "a=1"},
		{"a 1; Provides: v", "v=1", "find version 1 of the package v"},
		{"a 1; Provides: v\na 2", "v", "that a provides in version 1, and version 2 of that is the one to be installed; write a=1"},
		{"a 1; Provides: v\na 2", "v/s", "a=1"},
	} {
		req := Request{Architecture: "amd64", Indexes: []*index.Index{listed(t, "s", c.archive)}, Wanted: wants(strings.Fields(c.want)...)}
		if _, err := Resolve(req); err != nil {
			if !strings.Contains(err.Error(), c.get) {
				t.Errorf("%q, %s: error %v, want %s", c.archive, c.want, err, c.get)
			}
			continue
		}
		if got, _ := resolved(t, req); strings.Join(got, " ") != c.get {
			t.Errorf("%q, %s: %v, want %s", c.archive, c.want, got, c.get)
		}
	}
}

// TestOneBadRecord shows that a field which can't be read costs its own package
// something, and not the archive. A version without an operator is that very one.
func TestOneBadRecord(t *testing.T) {
	archive := listed(t, "s", "b 1\na 1; Provides: v, git (2:1), w (=, x\nneeds-git 1; Depends: git (= 2:1)\nneeds-b 1; Depends: b (1)\nneeds-b2 1; Depends: b (2)")
	for want, get := range map[string]string{
		"b": "b=1", "a": "a=1", "v": "a=1", "needs-git": "a=1 needs-git=1", "needs-b": "b=1 needs-b=1",
	} {
		if got, _ := resolved(t, Request{Indexes: []*index.Index{archive}, Wanted: wants(want)}); strings.Join(got, " ") != get {
			t.Errorf("%s: %v, want %s", want, got, get)
		}
	}
	for _, want := range []string{"x", "needs-b2"} {
		if _, err := Resolve(Request{Architecture: "amd64", Indexes: []*index.Index{archive}, Wanted: wants(want)}); err == nil {
			t.Errorf("%s can be had", want)
		}
	}
}

// TestOrderOfRequests shows that the order of the names makes no difference, and that a
// choice which it would make for apt-get is told.
func TestOrderOfRequests(t *testing.T) {
	archive := listed(t, "s", "a 1; Depends: b | d\nc 1; Depends: d | b\nb 1\nd 1\ne 1; Depends: b\ng 1; Depends: x (>= 1)\nx 1; Depends: p\np 1; Provides: x (= 2)\nh 1; Depends: p")
	for want, ties := range map[string]string{
		"a c": "a needs b | d: b is as good as d; add one of them to the packages to choose",
		"c a": "a needs b | d: b is as good as d; add one of them to the packages to choose",
		"g h": "g needs x (>= 1): x is as good as p; add one of them to the packages to choose",
		"g":   "", "h": "", "g h p": "",
		"a e": "", "a c d": "", "a": "",
	} {
		got, sol := resolved(t, Request{Indexes: []*index.Index{archive}, Wanted: wants(strings.Fields(want)...)})
		var all []string
		for _, tie := range sol.Ties {
			all = append(all, tie.String())
		}
		if strings.Join(all, "; ") != ties {
			t.Errorf("%s: %v with the ties %q, want %q", want, got, all, ties)
		}
	}
}
