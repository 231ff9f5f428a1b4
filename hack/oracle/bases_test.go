// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// A base is one status that both resolve on, with the preferences of apt there.
type base struct {
	name string
	apt  *apt
	// indexes are what there is to be had.
	indexes []*index.Index
	server  *server
	status  *index.Status
	pins    []index.Pin
	have    map[string]bool // names of what is installed
}

// bases returns apt on an empty status, on what mmdebstrap calls minbase, on a base of
// an earlier day, with versions that newer ones replace, on this one with holds, and on
// two with preferences. For foreign packages there are two others.
func (ar *archive) bases(t *testing.T, empty *apt) []*base {
	t.Helper()
	minimal := []string{"apt"}
	for _, name := range ar.names {
		if ar.versions[name][0].essential {
			minimal = append(minimal, name)
		}
	}
	root := filepath.Dir(empty.path)
	small := ar.status(t, empty.simulate(t, minimal...))
	old := *empty
	old.extra = []string{"Dir::Etc::preferences=" + ar.withoutUpdates(t, root)}
	aged := append(minimal, "ca-certificates", "curl", "default-jre-headless", "git", "gnupg", "nginx-light",
		"openssh-client", "perl", "python3", "vim-tiny")
	slim := ar.status(t, old.simulate(t, aged...))
	// What follows the seed isn't for the next run, which may be on its way already.
	own, r := t.TempDir(), rand.New(rand.NewPCG(*seed, 2))
	all := []*base{
		{name: "empty", apt: empty},
		{name: "minbase", apt: newStatus(t, root, "minbase", small)},
		{name: "slim", apt: newStatus(t, root, "slim", slim)},
		{name: "held", apt: newStatusIn(t, root, own, "held", hold(r, slim))},
		{name: "pinned", apt: newStatusIn(t, root, own, "pinned", small)},
		{name: "slim-pinned", apt: newStatusIn(t, root, own, "slim-pinned", slim)},
	}
	for _, b := range all {
		b.apt.native, b.indexes = empty.native, ar.indexes
	}
	for _, b := range all[4:] {
		text := ar.preferences(r)
		path := filepath.Join(own, "preferences-"+b.name)
		write(t, path, text)
		b.apt.extra = []string{"Dir::Etc::preferences=" + path}
		b.pins = readPins(t, path)
	}
	if *only == "foreign" {
		all = ar.foreignBases(t, &old, minimal)
	}
	for _, b := range all {
		b.status, b.have = b.apt.readStatus(t), map[string]bool{}
		for _, p := range b.status.Packages() {
			b.have[p.Name] = true
		}
		b.apt.recommends = *recommend
		b.server = b.apt.serve(t)
	}
	return all
}

// foreignBases are a minimal base that takes packages of a foreign architecture, and the
// same with some of these. Only the first release counts, which has all architectures of
// a package in one version.
func (ar *archive) foreignBases(t *testing.T, old *apt, minimal []string) []*base {
	t.Helper()
	empty := fetchForeign(t)
	root, small := filepath.Dir(empty.path), ar.status(t, old.simulate(t, minimal...))
	indexes := empty.indexes(t)
	foreign := &archive{versions: map[string][]*version{}, providers: map[string]map[string]bool{}, provisions: map[string][]provision{}}
	for _, x := range indexes {
		for n := range int32(x.Len()) { //nolint:gosec // the index of a record
			c := x.Entry(n)
			foreign.versions[c.Name] = append(foreign.versions[c.Name], &version{version: c.Version, control: x.Paragraph(n)})
		}
	}
	plain := newStatus(t, root, "minbase", small)
	plain.native, plain.foreign, plain.extra = empty.native, empty.foreign, old.extra
	pins := readPins(t, strings.TrimPrefix(old.extra[0], "Dir::Etc::preferences="))
	some := plain.simulate(t, "libstdc++6:i386", "zlib1g:i386", "libcurl4:i386", "curl")
	return []*base{
		{name: "foreign", apt: plain, indexes: indexes, pins: pins},
		{name: "mixed", apt: newMixed(t, plain, root, small+foreign.status(t, some)), indexes: indexes, pins: pins},
	}
}

// newMixed is apt on another status than that of a.
func newMixed(t *testing.T, a *apt, root, text string) *apt {
	t.Helper()
	b := newStatus(t, root, "mixed", text)
	b.native, b.foreign, b.extra = a.native, a.foreign, a.extra
	return b
}

// readPins reads preferences by ours.
func readPins(t *testing.T, path string) []index.Pin {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pins, err := index.ReadPreferences(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return pins
}

// hold marks about one package in five of a status as held.
func hold(r *rand.Rand, status string) string {
	parts := strings.Split(status, "Status: install ok installed")
	var text strings.Builder
	for i, part := range parts {
		if i > 0 {
			text.WriteString([]string{"Status: hold ok installed", "Status: install ok installed"}[min(r.IntN(5), 1)])
		}
		text.WriteString(part)
	}
	return text.String()
}

// preferences makes pins up: by names, patterns and sources, for versions, releases and
// origins, and a few for whole releases.
func (ar *archive) preferences(r *rand.Rand) string {
	var text strings.Builder
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	several := ar.severalVersions()
	release := func() string {
		o := ar.indexes[r.IntN(len(ar.indexes))].Options()
		return one("release n="+o.Codename, "release a="+o.Suite, "release o="+o.Origin+", n="+o.Codename, "release l="+o.Label,
			"release c="+o.Component, "release "+o.Codename, "release v="+o.Version, "origin "+o.Site, "origin \""+o.Site+"\"", "release n=*-updates")
	}
	pin := func(packages, what string, priorities ...string) {
		fmt.Fprintf(&text, "Package: %s\nPin: %s\nPin-Priority: %s\n\n", packages, what, one(priorities...))
	}
	for range 120 {
		name := one(several...)
		v := ar.versions[name][r.IntN(len(ar.versions[name]))]
		pin(name, "version "+one(v.version, v.version[:1+r.IntN(len(v.version))]+"*"), "-1", "50", "400", "600", "990", "1001")
		name = one(several...)
		pin(one(name, name+":any", name[:1+r.IntN(len(name))]+"*", "src:"+name, "/^"+name[:1+r.IntN(len(name))]+"/", name+" "+one(ar.names...)),
			release(), "1", "100", "400", "500", "600", "990", "1001")
		pin(one(ar.names...), release(), "-1", "-10", "100")
	}
	for range 2 {
		pin("*", release(), "100", "200", "400", "500", "600", "990")
	}
	return text.String()
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
