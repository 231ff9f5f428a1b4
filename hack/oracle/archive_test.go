// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// An archive is what apt fetched, and how ours and the generator of sets see it.
type archive struct {
	indexes   []*index.Index
	names     []string                   // of real packages, sorted
	virtual   []string                   // provided names without a package, sorted
	versions  map[string][]*version      // by name
	providers map[string]map[string]bool // by provided name
	conflicts [][2]string                // a package and a name it forbids, sorted
	// provisions are how a name is provided, by the name.
	provisions map[string][]provision
}

// A provision is a name that a package provides, in a version or in none.
type provision struct{ version, codename string }

type version struct {
	version, codename string
	essential         bool
	control           string
}

func readArchive(t *testing.T, a *apt) *archive {
	t.Helper()
	ar := &archive{indexes: a.indexes(t), versions: map[string][]*version{}, providers: map[string]map[string]bool{}, provisions: map[string][]provision{}}
	for _, index := range ar.indexes {
		reader := control.NewReader("Packages", index.Text())
		for {
			p, err := reader.Next()
			if err != nil {
				break
			}
			ar.add(t, p, index)
		}
	}
	ar.names = slices.Sorted(maps.Keys(ar.versions))
	for name := range ar.providers {
		if ar.versions[name] == nil {
			ar.virtual = append(ar.virtual, name)
		}
	}
	slices.Sort(ar.virtual)
	slices.SortFunc(ar.conflicts, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return ar
}

func (ar *archive) add(t *testing.T, p control.Paragraph, index *index.Index) {
	t.Helper()
	name := p.Get("Package")
	ar.versions[name] = append(ar.versions[name], &version{
		version: p.Get("Version"), codename: index.Options().Codename,
		essential: p.Get("Essential") == "yes", control: p.String(),
	})
	for _, r := range relations(t, p.Get("Provides")) {
		if ar.providers[r.Name] == nil {
			ar.providers[r.Name] = map[string]bool{}
		}
		ar.providers[r.Name][name] = true
		ar.provisions[r.Name] = append(ar.provisions[r.Name], provision{r.Version, index.Options().Codename})
	}
	for _, field := range []string{"Conflicts", "Breaks"} {
		for _, r := range relations(t, p.Get(field)) {
			if r.Name != name && r.Op == control.Any {
				ar.conflicts = append(ar.conflicts, [2]string{name, r.Name})
			}
		}
	}
}

func relations(t *testing.T, value string) []control.Relation {
	t.Helper()
	groups, err := control.ParseRelations(value)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(asRelations(groups)...)
}

func asRelations(groups []control.Alternatives) [][]control.Relation {
	all := make([][]control.Relation, len(groups))
	for i, g := range groups {
		all[i] = g
	}
	return all
}

// status writes an answer of apt as packages that are installed.
func (ar *archive) status(t *testing.T, a answer) string {
	t.Helper()
	if a.failed {
		t.Fatal("make a status:", a.reason)
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.install)) {
		i := slices.IndexFunc(ar.versions[name], func(v *version) bool { return v.version == a.install[name] })
		if i < 0 {
			t.Fatalf("%s %s is not in the archive", name, a.install[name])
		}
		first, rest, _ := strings.Cut(ar.versions[name][i].control, "\n")
		fmt.Fprintf(&text, "%s\nStatus: install ok installed\n%s\n", first, rest)
	}
	return text.String()
}
