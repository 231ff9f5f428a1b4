// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"maps"
	"path/filepath"
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
}

type version struct {
	version, codename string
	essential         bool
	control           string
}

func readArchive(t *testing.T, a *apt) *archive {
	t.Helper()
	ar := &archive{indexes: a.indexes(t), versions: map[string][]*version{}, providers: map[string]map[string]bool{}}
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

// bases returns apt on an empty status, on what mmdebstrap calls minbase, and on
// a base of an earlier day, with versions that newer ones replace.
func (ar *archive) bases(t *testing.T, empty *apt) []*base {
	t.Helper()
	minimal := []string{"apt"}
	for _, name := range ar.names {
		if ar.versions[name][0].essential {
			minimal = append(minimal, name)
		}
	}
	root := filepath.Dir(empty.path)
	minbase := newStatus(t, root, "minbase", ar.status(t, empty.simulate(t, minimal...)))
	old := *empty
	old.extra = []string{"Dir::Etc::preferences=" + ar.withoutUpdates(t, root)}
	aged := append(minimal, "ca-certificates", "curl", "default-jre-headless", "git", "gnupg", "nginx-light",
		"openssh-client", "perl", "python3", "vim-tiny")
	slim := newStatus(t, root, "slim", ar.status(t, old.simulate(t, aged...)))
	return []*base{{name: "empty", apt: empty}, {name: "minbase", apt: minbase}, {name: "slim", apt: slim}}
}

// A base is one status that both resolve on.
type base struct {
	name   string
	apt    *apt
	server *server
	status *index.Status
}

// withoutUpdates writes preferences that leave only the first release.
func (ar *archive) withoutUpdates(t *testing.T, root string) string {
	t.Helper()
	var text strings.Builder
	for _, index := range ar.indexes {
		if name := index.Options().Codename; name != ar.indexes[0].Options().Codename {
			fmt.Fprintf(&text, "Package: *\nPin: release n=%s\nPin-Priority: -1\n\n", name)
		}
	}
	path := filepath.Join(root, "without-updates")
	write(t, path, text.String())
	return path
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
