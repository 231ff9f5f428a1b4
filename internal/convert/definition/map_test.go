// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/report"
)

// TestMerged has a map's own keys win over those that come by <<, wherever that stands, and
// the first of several maps over the others.
func TestMerged(t *testing.T) {
	d, err := definition.Parse([]byte(`
one: &one {a: one, b: one, c: one}
two: &two {b: two, d: two}
first: {<<: *one, a: own}
last: {a: own, <<: *one}
both: {<<: [*two, *one], a: own}
nested: {<<: {<<: *one, b: inner}, c: own}
self: &self {<<: [*one, *one], a: own}
`))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"first": "own one one ", "last": "own one one ", "both": "own two one two", "nested": "one inner own ", "self": "own one one ",
	} {
		m := d.Top.Map(key)
		if got := strings.Join([]string{m.Text("a"), m.Text("b"), m.Text("c"), m.Text("d")}, " "); got != want {
			t.Errorf("%s has %q, want %q", key, got, want)
		}
	}
}

// TestFaults names the lines of what YAML can't read: its parser counts them from 0, and its
// scanner from 1.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: *\nc: 2\n":              "line 2: did not find expected alphabetic or numeric character",
		"a: 1\nb: \"\\xzz\"\n":            "line 2: did not find expected hexdecimal number",
		"a: 1\nb: |x\n":                   "line 2: did not find expected comment or line break",
		"a: 1\nb: [1, 2\nc: 2\n":          "line 2: did not find expected ',' or ']'",
		"a: 1\nb:\n  - 1\n  c: 2\nd: 3\n": "line 4: did not find expected '-' indicator",
		"*\n":                             "line 1: did not find expected alphabetic or numeric character",
	} {
		if _, err := definition.Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestTwice tells of a key that is there twice.
func TestTwice(t *testing.T) {
	d, err := definition.Parse([]byte("a: one\nb: two\na: three\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := report.Note{Line: 3, Kind: report.Lost, Text: "a: it is there already, in line 1, which counts"}
	if got := d.Sorted(); len(got) != 1 || got[0] != want || d.Top.Text("a") != "one" {
		t.Errorf("got %v and %q", got, d.Top.Text("a"))
	}
}

// TestNumber reads numbers as YAML has them.
func TestNumber(t *testing.T) {
	d, err := definition.Parse([]byte("a: 493\nb: 0o755\nc: 0755\nd: 0x1ed\ne: many\nf: -1\ng: 4294967296\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		if n, ok := d.Top.Number(key); n != 0o755 || !ok {
			t.Errorf("%s is %o, %v", key, n, ok)
		}
	}
	for _, key := range []string{"e", "f", "g", "h"} {
		if n, ok := d.Top.Number(key); ok {
			t.Errorf("%s is %o", key, n)
		}
	}
	if got := d.Sorted(); len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

// TestManyKeys takes no more than twice as long for twice as many keys, or about that.
func TestManyKeys(t *testing.T) {
	took := func(n int) time.Duration {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "%x: 1\n", i)
		}
		best := time.Hour
		for range 3 {
			began := time.Now()
			d, err := definition.Parse([]byte(text.String()))
			if err != nil {
				t.Fatal(err)
			}
			d.Untaken()
			if got := len(d.Sorted()); got != n {
				t.Fatalf("%d notes of %d keys", got, n)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	if few, many := took(10_000), took(80_000); many > 24*few {
		t.Errorf("%v for 10,000 keys, and %v for 80,000", few, many)
	}
}
