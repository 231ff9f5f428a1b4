// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/plan"
)

// slim is what small images of Debian tell dpkg to leave out.
const slim = `path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/locale.alias
`

// slimBase pushes a base that leaves out documents, and has left out its own.
func slimBase(t *testing.T) string {
	t.Helper()
	return testenv.SharedRegistry(t).Push(t, "slim:1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "etc/dpkg/dpkg.cfg.d/docker", Data: []byte(slim)},
		{Path: "usr/share/man/.wh..wh..opq"},
		{Path: "usr/share/locale/.wh..wh..opq"},
	}))
}

// TestSlimBase shows that what a base leaves out is left out of packages, too, by
// both installers as by apt-get, and that dpkg knows.
func TestSlimBase(t *testing.T) {
	h := newHouse(t)
	h.base = slimBase(t)
	start := time.Now().Unix()
	packages := archives(testenv.DebianPackages(t, "jq", "less"))
	plain := tree{}
	if err := h.build(h.plain(packages, "jq", "less"), plain.read); err != nil {
		t.Fatal(err)
	}
	actions := grouped(packages, 2, "jq", "less")
	filters := h.verdict(t).Filters
	for _, u := range unpacks(actions) {
		u.Filters = filters
	}
	if v := h.verdict(t, unpacks(actions)...); v.Installer != string(plan.Register) {
		t.Fatalf("verdict %+v", v)
	}
	// dpkg calls missing what isn't there of the base, and what it left out itself.
	said := tree{}
	if err := h.build(h.ask(h.plain(packages), health()...), said.read); err != nil {
		t.Fatal(err)
	}
	for name, actions := range map[string][]plan.Action{
		"native":   {&plan.Install{Format: "deb", Installer: plan.Native, Archives: packages, Wanted: []string{"jq", "less"}}},
		"register": actions,
	} {
		st := h.lower(t, false, actions...)
		got, asked := tree{}, tree{}
		if err := h.build(st, got.read); err != nil {
			t.Fatal(err)
		}
		if diff := unexplained(differences(plain, got, start), allowances()); len(diff) > 0 {
			t.Errorf("%s: differs from apt-get:\n%s", name, strings.Join(diff, "\n"))
		}
		for p := range got {
			if strings.HasPrefix(p, "/usr/share/man/man") || strings.HasPrefix(p, "/usr/share/doc/jq/") && p != "/usr/share/doc/jq/copyright" {
				t.Errorf("%s: there is %s", name, p)
			}
		}
		if _, ok := got["/usr/share/doc/jq/copyright"]; !ok {
			t.Errorf("%s: there is no copyright of jq", name)
		}
		if err := h.build(h.ask(st, health()...), asked.read); err != nil {
			t.Fatal(err)
		}
		if asked["/answer"].what != said["/answer"].what {
			t.Errorf("%s: the tools say %v, and after apt-get %v", name, asked["/answer"], said["/answer"])
		}
	}
}
