// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// TestManyPackagesOfOneKind resolves what archives have that mean harm: each would take
// minutes, or hours, if packages were compared with each other. An error stays short.
func TestManyPackagesOfOneKind(t *testing.T) {
	const n = 60_000
	one := func(name, version, more string) string {
		return "Package: " + name + "\nVersion: " + version + "\nArchitecture: all\nFilename: a\nSize: 1\nSHA256: " + strings.Repeat("0", 64) + "\n" + more + "\n"
	}
	many := func(more func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(one(fmt.Sprintf("p%d", i), "1", more(i)))
		}
		return b.String()
	}
	always := func(more string) func(int) string { return func(int) string { return more } }
	var versions strings.Builder
	for i := range n {
		versions.WriteString(one("b", fmt.Sprintf("2.%d", i), "Provides: v\n"))
	}
	for name, c := range map[string]struct{ archive, want string }{
		"providers of which none can come":     {one("a", "1", "Depends: v\n") + many(always("Provides: v\nDepends: nothing\n")), "a needs v, and apt's rules find no way to that"},
		"providers that exclude each other":    {one("a", "1", "Depends: v\n") + many(always("Provides: v\nConflicts: v\n")), ""},
		"a chain with nothing at its end":      {one("a", "1", "Depends: p0\n") + many(func(i int) string { return fmt.Sprintf("Depends: p%d\n", i+1) }), "… and 59985 more on the way …"},
		"a chain of packages that exclude one": {one("a", "1", "Depends: p0, b\n") + one("b", "1", "") + many(func(i int) string { return fmt.Sprintf("Depends: p%d\nConflicts: nothing, b\n", i+1) }), "which no repository has"},
		"all exclude what all provide":         {one("a", "1", "Depends: p0\n") + many(func(i int) string { return fmt.Sprintf("Depends: p%d\nProvides: v\nConflicts: v\n", (i+1)%n) }), "v"},
		"versions that provide a name":         {one("a", "1", "Depends: v\n") + versions.String(), ""},
	} {
		x, err := index.ReadIndex(strings.NewReader(c.archive), index.Options{Suite: "stable"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Resolve(Request{Architecture: "amd64", Indexes: []*index.Index{x}, Wanted: []Wanted{{Name: "a"}}})
		if said := fmt.Sprint(err); !strings.Contains(said, c.want) || (err == nil) != (c.want == "") || len(said) > 2000 {
			t.Errorf("%s: %.2000s", name, said)
		}
	}
}
