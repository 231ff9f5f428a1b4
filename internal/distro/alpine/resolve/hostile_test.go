// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/alpine/index"
)

// TestManyRelationsOfOneKind resolves what repositories have that mean harm: each would
// take minutes, or hours, if names or packages were compared with each other.
func TestManyRelationsOfOneKind(t *testing.T) {
	const n, most = 60_000, control.MaxRelations
	one := func(name, version string, fields ...string) string {
		return "C:" + control.Q1([]byte(name+version)) + "\nP:" + name + "\nV:" + version + "\nA:noarch\nS:1\nI:1\n" + strings.Join(fields, "\n") + "\n\n"
	}
	words := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	many := func(fields func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(one(fmt.Sprintf("p%d", i), "1-r0", fields(i)))
		}
		return b.String()
	}
	var versions strings.Builder
	for i := range 40 {
		versions.WriteString(one("b", fmt.Sprintf("%d-r0", i), "p:"+words(most, "n%d ")))
	}
	always := func(fields string) func(int) string { return func(int) string { return fields } }
	for name, c := range map[string]struct{ repository, want string }{
		"one that provides too much":        {one("a", "1-r0", "p:"+words(300_000, "n%d=1 ")), "needs a newer apk"},
		"one that waits for too much":       {one("a", "1-r0", "i:"+words(300_000, "n%d ")), "needs a newer apk"},
		"one that needs too much":           {one("a", "1-r0", strings.TrimSpace(words(200_000, "D:n%d\n"))), "needs a newer apk"},
		"names of one package":              {one("a", "1-r0", "D:b", "p:"+words(most, "n%d=1 ")) + one("b", "1-r0", "p:"+words(most, "m%d=1 ")), ""},
		"names of some packages":            {one("a", "1-r0", "D:b n1", "p:"+words(most, "m%d=1 ")) + versions.String(), ""},
		"names that wait for a package":     {one("a", "1-r0") + many(func(i int) string { return fmt.Sprintf("i:a\np:v=%d", i) }), ""},
		"a name that all wait for":          {one("a", "1-r0") + one("b", "1-r0", "p:"+words(most, "n%d=1 "), "i:a "+words(most-1, "n%d ")), ""},
		"what all need":                     {one("a", "1-r0", "D:p0") + one("b", "1-r0") + many(func(i int) string { return fmt.Sprintf("D:p%d b", (i+1)%n) }), ""},
		"providers of which none can come":  {one("a", "1-r0", "D:v") + many(always("p:v\nD:nothing")), "add one of them to the packages"},
		"providers that exclude each other": {one("a", "1-r0", "D:v=1") + many(always("p:v=1\nD:!w")), ""},
		"a chain with nothing at its end":   {one("a", "1-r0", "D:p0") + many(func(i int) string { return fmt.Sprintf("D:p%d", i+1) }), "which no repository has"},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := index.ParseIndex(c.repository, index.Options{Architecture: "x86_64"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Resolve(Request{Architecture: "x86_64", Indexes: []*index.Index{x}, Wanted: []Wanted{{control.Relation{Name: "a", Op: control.Any}}}})
			if said := fmt.Sprint(err); !strings.Contains(said, c.want) || (err == nil) != (c.want == "") || len(said) > 2000 {
				t.Errorf("%.2000s", said)
			}
		})
	}
}
