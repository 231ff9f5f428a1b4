// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

func TestPreferences(t *testing.T) {
	indexes := func() []*index.Index {
		return []*index.Index{
			listed(t, "stable", "a 1\nb 1\nc 1; Source: s\nd 1"),
			listedWith(t, "a 2\nb 2\nc 2; Source: s\nd 2", index.Options{Suite: "backports", Codename: "backports", Priority: 100}),
			listedWith(t, "a 3\nb 3", index.Options{Suite: "other", Codename: "other", Origin: "Else", Label: "L", Site: "example.org", Version: "12.3"}),
		}
	}
	for _, c := range []struct{ pins, want, get string }{
		{"", "a b", "a=3 b=3"},
		{"Package: a\nPin: release a=backports\nPin-Priority: 900\n", "a b", "a=2 b=3"},
		{"Package: *\nPin: release o=Else, l=L\nPin-Priority: -1\n", "a b", "a=1 b=1"},
		{"Package: *\nPin: origin example.org\nPin-Priority: -1\n", "a b", "a=1 b=1"},
		{"Package: *\nPin: release v=12\nPin-Priority: 10\n", "a", "a=3"},
		{"Package: *\nPin: release v=12*\nPin-Priority: 10\n", "a", "a=1"},
		{"Package: *\nPin: release v=12.3\nPin-Priority: 10\n", "a", "a=1"},
		{"Package: *\nPin: release n=backports\nPin-Priority: 990\n", "a d", "a=2 d=2"},
		{"Explanation: x\nPackage: b* a\nPin: version 1*\nPin-Priority: 1001\n", "a b d", "a=1 b=1 d=1"},
		{"Package: src:s\nPin: release a=backports\nPin-Priority: 600\n", "c d", "c=2 d=1"},
		// What follows is as apt-get has it.
		{"Package: /^[AB]$/\nPin: release a=other\nPin-Priority: -1\n", "a b d", "a=1 b=1 d=1"},
		{"Package: /^x/ b\nPin: release a=other\nPin-Priority: -1\n", "a b", "a=3 b=1"},
		{"Package: [b-c]\nPin: release a=other\nPin-Priority: -1\n", "a b", "a=3 b=1"},
		{"Package: a:amd64 b:i386\nPin: release a=other\nPin-Priority: -1\n", "a b", "a=1 b=3"},
		{"Package: *:any\nPin: release o=else\nPin-Priority: -1\n", "a b", "a=1 b=1"},
		{"Package: src:s a\nPin: release n=/^BACK/\nPin-Priority: 600\n", "a c d", "a=2 c=2 d=1"},
		{"Package: a\nPin: version /^2$/\nPin-Priority: 600\n", "a b", "a=2 b=3"},
		{"Package: b\nPin: release 12.3\nPin-Priority: -1\n", "a b", "a=3 b=1"},
		{"Package: [!A]\nPin: Release o=EL*\nPin-Priority: -1\n", "a b", "a=3 b=1"},
		{"Package: a\nPin: release a=none,a=other\nPin-Priority: -1\n", "a", "a=1"},
		{"Package: a\nPin: release a=other\nPin-Priority: 990\n\nPackage: *\nPin: release *\nPin-Priority: 10\n\nPackage: *\nPin: release a=other\nPin-Priority: never\n", "a b", "a=2 b=2"},
		{"Package: /b\nPin: release a=other\nPin-Priority: -1\n", "a b", "a=3 b=3"},
		{"Package: A\nPin: version 1\nPin-Priority: 1001\n", "a", "a=3"},
		{"Package: A?\nPin: version 1\nPin-Priority: 1001\n", "a", "a=3"},
		{"Package: [A-B]\nPin: version 1\nPin-Priority: 1001\n", "a", "a=1"},
		{"Package: src:S\nPin: version 2\nPin-Priority: 1001\n", "c", "c=1"},
		{"Package: src:S*\nPin: version 2\nPin-Priority: 1001\n", "c", "c=2"},
		{"Package: a:native b:any\nPin: version 1\nPin-Priority: 1001\n", "a b", "a=3 b=1"},
		{"Package: a:all\nPin: version 1\nPin-Priority: 1001\n", "a", "a=3"},
		{"Package: a\nPin: version 1\nPin-Priority: 1001 # as of today\n", "a", "a=1"},
		{"Package: a\nPin: version 1\nPin-Priority: +1001abc\n", "a", "a=1"},
		{"Package: * a\nPin: version 1\nPin-Priority: 1001\n", "a b", "a=1 b=1"},
		{"Package: a,b\nPin: version 1\nPin-Priority: 1001\n", "a b", "a=3 b=3"},
		{"Package: a\nPin: release a=\"other\"\nPin-Priority: -1\n", "a", "a=3"},
		{"Package: a\nPin: origin \"example.org\"\nPin-Priority: -1\n", "a", "a=1"},
		{"Package: *\nPin: release a=other,x\nPin-Priority: -1\n", "a", "a=1"},
		{"Package: *\nPin: release a= other , n=other\nPin-Priority: -1\n", "a", "a=3"},
		// These have no effect.
		{"Package: *\nPin: release x=other\nPin-Priority: -1\n", "a", "a=3"},
		{"Package: *\nPin: version 1\nPin-Priority: 1001\n", "a", "a=3"},
		{"Package: a\nPin: version\nPin-Priority: 1001\n", "a", "a=3"},
		{"Package: a\nPin: release\nPin-Priority: -1\n", "a", "a=3"},
		{"Package: *\nPin: origin\nPin-Priority: -1\n", "a", "a=3"},
		{"Package: a\nPin: nonsense 1\nPin-Priority: 1001\n", "a", "a=3"},
		{"Package: a\nPin: version 2\nPin-Priority: 600\n\nPackage: a\nPin: version 1\nPin-Priority: 700\n", "a", "a=1"},
	} {
		pins, err := index.ReadPreferences("p", []byte(c.pins))
		if err != nil {
			t.Fatal(err)
		}
		words, _ := resolved(t, Request{Indexes: indexes(), Pins: pins, Wanted: wants(strings.Fields(c.want)...)})
		if got := strings.Join(words, " "); got != c.get {
			t.Errorf("%q: %s, want %s", c.pins, got, c.get)
		}
	}
}

// TestPinnedAway shows that a package which the base keeps out is no unknown one.
func TestPinnedAway(t *testing.T) {
	pins, err := index.ReadPreferences("/etc/apt/preferences.d/no-tools", []byte("\nPackage: tool\nPin: release *\nPin-Priority: -1\n"))
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Architecture: "amd64", Indexes: []*index.Index{listed(t, "stable", "tool 1\ntools 1\nneeds 1; Depends: tool")}, Pins: pins, Wanted: wants("tool")}
	_, err = Resolve(req)
	var about *PinnedError
	if !errors.As(err, &about) || !strings.Contains(err.Error(), "with priority -1 in /etc/apt/preferences.d/no-tools:2;") {
		t.Errorf("error %v", err)
	}
	req.Wanted = wants("tool=1")
	if got, _ := resolved(t, req); strings.Join(got, " ") != "tool=1" {
		t.Errorf("by its version: %v", got)
	}
	if _, err := index.ReadPreferences("/etc/apt/preferences.d/x", []byte("Package: /(/\nPin: release *\nPin-Priority: -1\n")); err == nil || !strings.HasPrefix(err.Error(), "/etc/apt/preferences.d/x:1: ") {
		t.Errorf("an expression that is none: %v", err)
	}
}
