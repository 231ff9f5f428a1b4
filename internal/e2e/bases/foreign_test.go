// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package bases

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
	"github.com/strata-build/strata/llb/lock"
)

// foreignArchive has packages of two architectures that go together in each way that the
// field Multi-Arch has.
func foreignArchive(t *testing.T) *testenv.DebArchive {
	t.Helper()
	var debs []testenv.Deb
	for _, arch := range []string{"amd64", "i386"} {
		library := map[string]string{"usr/lib/" + arch + "-linux-gnu/libtwo.so.1": arch, "usr/share/doc/libtwo/copyright": "free\n"}
		debs = append(debs,
			testenv.Deb{Name: "libtwo", Version: "1", Arch: arch, Fields: map[string]string{"Multi-Arch": "same", "Depends": "daemon"}, Files: library},
			testenv.Deb{
				Name: "game", Version: "1", Arch: arch, Fields: map[string]string{"Depends": "libtwo (= 1), interpreter:any, data"},
				Files: map[string]string{"usr/games/game": arch},
			},
			testenv.Deb{Name: "daemon", Version: "1", Arch: arch, Fields: map[string]string{"Multi-Arch": "foreign"}},
			testenv.Deb{Name: "interpreter", Version: "1", Arch: arch, Fields: map[string]string{"Multi-Arch": "allowed"}},
			testenv.Deb{Name: "plugin", Version: "1", Arch: arch, Fields: map[string]string{"Depends": "interpreter"}},
		)
	}
	return testenv.NewDebArchive(t, append(debs,
		testenv.Deb{Name: "data", Version: "1", Fields: map[string]string{"Multi-Arch": "foreign"}},
		testenv.Deb{Name: "old-data", Version: "1"},
		testenv.Deb{Name: "lone", Version: "1", Arch: "i386", Fields: map[string]string{"Depends": "libtwo"}},
		testenv.Deb{Name: "needs-lone", Version: "1", Arch: "amd64", Fields: map[string]string{"Depends": "lone:i386"}},
		testenv.Deb{Name: "reader", Version: "1", Arch: "i386", Fields: map[string]string{"Depends": "old-data"}},
		testenv.Deb{Name: "enemy", Version: "1", Arch: "amd64", Fields: map[string]string{"Conflicts": "libtwo"}},
	)...)
}

// TestForeignPackages asks apt-get of a base that takes packages of i386 what it would
// install, and holds what a build leaves to what apt-get leaves.
func TestForeignPackages(t *testing.T) {
	h := house.New(t)
	a := foreignArchive(t)
	base := h.Registry.Push(t, "foreign:1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "etc/"},
		{Path: "etc/apt/"},
		{Path: "etc/apt/ours.asc", Data: a.Keyring},
		{Path: "etc/apt/sources.list", Data: []byte("deb [signed-by=/etc/apt/ours.asc] " + a.URL + " stable main\n")},
		{Path: "var/"},
		{Path: "var/lib/"},
		{Path: "var/lib/dpkg/"},
		{Path: "var/lib/dpkg/arch", Data: []byte("amd64\ni386\n")},
	}))
	questions := []string{
		"libtwo:i386", "libtwo:i386 libtwo", "game:i386", "game:i386 plugin", "game game:i386", "plugin:i386 game", "lone", "needs-lone", "reader",
		"reader:i386 data:i386", "enemy libtwo:i386", "libtwo:i386=1", "daemon:i386 libtwo", "interpreter:i386 interpreter", "old-data:i386", "nothing:i386",
	}
	script := make([]string, 0, 2*len(questions))
	for _, q := range questions {
		script = append(script, "apt-get install --simulate --no-install-recommends "+q+" || echo REFUSED", "echo ANSWERED")
	}
	answers := strings.Split(askApt(t, h, base, strings.Join(script, "; ")), "ANSWERED\n")
	for i, q := range questions {
		dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers: [{packages: [\""+strings.ReplaceAll(q, " ", "\", \"")+"\"]}]\n")
		status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
		if refused := strings.Contains(answers[i], "REFUSED"); refused != (status != 0) {
			t.Errorf("%s: apt-get refuses it: %v; strata lock: exit status %d\n%s", q, refused, status, out)
		} else if !refused {
			if diff := cmp.Diff(simulated(answers[i]), lockedForeign(t, dir)); diff != "" {
				t.Errorf("%s: (-apt-get +lock):\n%s", q, diff)
			}
		}
	}
	installedForeign(t, h, base)
}

// installedForeign compares what a build installs with what apt-get does: dpkg's files
// of a package that goes with itself in other architectures have that in their names.
func installedForeign(t *testing.T, h *house.House, base string) {
	t.Helper()
	ours := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [\"libtwo:i386\", game]\n  - packages: [lone, plugin]\n")
	theirs := h.Project(t, `
-- strata.yaml --
{syntax}
from: `+base+`
layers:
  - build:
      network: default
      run: apt-get -qq update && apt-get -y install --no-install-recommends libtwo:i386 game lone plugin
`)
	w := h.ByStrata()
	w.Must(t, house.Flags(ours, "-o", h.Pushed("foreign-by-strata:1"), "--platform=linux/amd64")...)
	w.Must(t, house.Flags(theirs, "-o", h.Pushed("foreign-by-apt:1"), "--platform=linux/amd64")...)
	names := []string{
		"var/lib/dpkg/status", "var/lib/apt/extended_states", "var/lib/dpkg/info/libtwo:i386.list", "var/lib/dpkg/info/libtwo:amd64.list",
		"var/lib/dpkg/info/lone.list", "var/lib/dpkg/info/game.md5sums", "usr/lib/i386-linux-gnu/libtwo.so.1", "usr/lib/amd64-linux-gnu/libtwo.so.1", "usr/games/game",
	}
	got, wanted := house.SomeOf(t, h, "foreign-by-strata:1", names...), house.SomeOf(t, h, "foreign-by-apt:1", names...)
	for _, name := range names {
		one, other := strings.Split(house.Read(t, wanted, name), "\n\n"), strings.Split(house.Read(t, got, name), "\n\n")
		slices.Sort(one) // apt's own order is that of its cache
		slices.Sort(other)
		if diff := cmp.Diff(one, other); diff != "" {
			t.Errorf("%s (-apt-get +strata):\n%s", name, diff)
		}
	}
}

// lockedForeign are the packages of a lock as apt-get prints them: those of a foreign
// architecture with it.
func lockedForeign(t *testing.T, dir string) []string {
	t.Helper()
	f, err := lock.Read("strata.lock", []byte(house.Read(t, dir, "strata.lock")))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range f.Platform("default", "linux/amd64").Packages.Packages {
		if p.Arch == "i386" {
			p.Name += ":i386"
		}
		out = append(out, p.Name+" "+p.Version)
	}
	slices.Sort(out)
	return out
}
