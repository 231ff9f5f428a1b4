// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package bases

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// askApt runs a script in an image that has apt, with its archives' lists, and returns
// what it prints.
func askApt(t *testing.T, h *house.House, image, script string) string {
	t.Helper()
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - build:
      from: "`+image+`"
      network: default
      env: {LC_ALL: C.UTF-8}
      run: |
        apt-get -qq update >&2
        { `+script+`; } >$out/said 2>$out/errors || { cat $out/errors >&2; exit 1; }
`)
	return house.Read(t, h.ByStrata().Files(t, house.Flags(dir, "--no-cache")...), "said")
}

// upgradable are the packages of an image that its own apt would upgrade.
func upgradable(t *testing.T, h *house.House, image string) []string {
	t.Helper()
	var names []string
	said := askApt(t, h, image, "apt list --upgradable; apt-get --simulate dist-upgrade")
	for line := range strings.SplitSeq(said, "\n") {
		if name, _, ok := strings.Cut(line, "/"); ok && strings.Contains(line, "[upgradable") {
			names = append(names, name)
		}
	}
	if names == nil && len(simulated(said)) > 0 {
		t.Errorf("apt-get would change what apt doesn't list:\n%s", said)
	}
	return names
}

// TestAptFindsNothingToUpgrade lets apt itself look into images that were brought up to
// date: it has nothing left to do, or nothing of what is for security.
func TestAptFindsNothingToUpgrade(t *testing.T) {
	h := house.New(t)
	old, security := testenv.NewDebArchive(t,
		testenv.Deb{Name: "tool", Version: "1", Fields: map[string]string{"Depends": "library"}},
		testenv.Deb{Name: "tool", Version: "2", Fields: map[string]string{"Depends": "library (>= 2), brandnew"}},
		testenv.Deb{Name: "library", Version: "1"}, testenv.Deb{Name: "library", Version: "2"}, testenv.Deb{Name: "brandnew", Version: "1"},
		testenv.Deb{Name: "daemon", Version: "1"},
	), testenv.NewDebArchive(t, testenv.Deb{Name: "daemon", Version: "1+fixed"})
	security.Index(t, "Label=Debian-Security")
	base := h.Registry.Push(t, "upgradable:1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "etc/"},
		{Path: "etc/apt/"},
		{Path: "etc/apt/sources.list", Data: []byte("deb [signed-by=/etc/apt/a.asc] " + old.URL + " stable main\ndeb [signed-by=/etc/apt/b.asc] " + security.URL + " stable main\n")},
		{Path: "etc/apt/a.asc", Data: old.Keyring},
		{Path: "etc/apt/b.asc", Data: security.Keyring},
	}))
	start := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [tool=1, library=1, daemon=1]\n")
	w := h.ByStrata()
	w.Must(t, house.Flags(start, "-o", h.Pushed("outdated:1"), "--platform=linux/amd64")...)
	outdated := h.Registry.Host + "/outdated:1"
	if diff := cmp.Diff([]string{"daemon", "library", "tool"}, upgradable(t, h, outdated)); diff != "" {
		t.Errorf("what apt would upgrade before (-want +got):\n%s", diff)
	}
	for upgrade, c := range map[string]struct {
		left   []string
		locked string
	}{
		"security": {[]string{"library", "tool"}, "daemon 1+fixed"},
		"true":     {nil, "brandnew 1, daemon 1+fixed, library 2, tool 2"},
	} {
		t.Run(upgrade, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+outdated+"\nlayers:\n  - packages: {upgrade: "+upgrade+"}\n")
			h.MustLock(t, old, dir, "--platform=linux/amd64")
			house.Want(t, "the lock", strings.Join(house.LockedNames(t, dir), ", "), c.locked)
			image := h.Registry.Host + "/" + w.Image(t, h, "", house.Flags(dir, "--platform=linux/amd64")...)
			if diff := cmp.Diff(c.left, upgradable(t, h, image)); diff != "" {
				t.Errorf("what apt would upgrade (-want +got):\n%s", diff)
			}
		})
	}
}

// simulated are the packages, each with its version, that apt-get says it would install.
func simulated(text string) []string {
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^Inst (\S+) (?:\[\S+\] )?\((\S+) `).FindAllStringSubmatch(text, -1) {
		out[m[1]+" "+m[2]] = true
	}
	return slices.Sorted(maps.Keys(out))
}

// TestAptChoosesTheSame asks the apt-get of the image that packages are like, or on, what
// it would install: what must not come in, and files, are its "name-" and its "./file".
func TestAptChoosesTheSame(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "mailer", Version: "1", Fields: map[string]string{"Depends": "mta-a | mta-b | mta"}},
		testenv.Deb{Name: "mta-a", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta"}},
		testenv.Deb{Name: "mta-b", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta", "Depends": "library"}},
		testenv.Deb{Name: "mta-c", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta"}},
		testenv.Deb{Name: "library", Version: "1"}, testenv.Deb{Name: "library", Version: "2"},
	)
	extra := house.Debs(t, t.TempDir(), testenv.Deb{Name: "app", Version: "1", Fields: map[string]string{"Depends": "mailer, library"}}, testenv.Deb{Name: "library", Version: "1.5"})
	entries := []testenv.Entry{{Path: "srv/"}}
	for _, name := range []string{"app_1_all.deb", "library_1.5_all.deb"} {
		entries = append(entries, testenv.Entry{Path: "srv/" + name, Data: []byte(house.Read(t, extra, name))})
	}
	base := h.Registry.Push(t, "asked:1", testenv.DebianImage(t, append(entries,
		testenv.Entry{Path: "etc/"}, testenv.Entry{Path: "etc/apt/"}, testenv.Entry{Path: "etc/apt/ours.asc", Data: a.Keyring},
		testenv.Entry{Path: "etc/apt/sources.list", Data: []byte("deb [signed-by=/etc/apt/ours.asc] " + a.URL + " stable main\n")},
		testenv.Entry{Path: "etc/apt/preferences.d/"},
		testenv.Entry{Path: "etc/apt/preferences.d/ours", Data: []byte("Package: library\nPin: version 1\nPin-Priority: 1001\n")},
	)))
	questions := []struct{ names, apt string }{
		{"mailer", "mailer"},
		{`mailer, "!mta-a"`, "mailer mta-a-"},
		{`mailer, "!mta-a", "!mta-b"`, "mailer mta-a- mta-b-"},
		{"./app_1_all.deb", "/srv/app_1_all.deb"},
		{`"./*.deb"`, "/srv/app_1_all.deb /srv/library_1.5_all.deb"},
		{`"./library_1.5_all.deb", mailer, mta-b`, "/srv/library_1.5_all.deb mailer mta-b"},
		{`./app_1_all.deb, "!mta-a", library=2`, "/srv/app_1_all.deb mta-a- library=2"},
	}
	var script []string
	for _, q := range questions {
		script = append(script, "apt-get install --simulate --no-install-recommends "+q.apt, "echo ANSWERED")
	}
	answers := strings.Split(askApt(t, h, base, strings.Join(script, "; ")), "ANSWERED\n")
	for i, q := range questions {
		for _, from := range []string{"from: " + base + "\nlayers: [{packages: [NAMES]}]", "layers: [{packages: {names: [NAMES], like: \"" + base + "\"}}]"} {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+strings.Replace(from, "NAMES", q.names, 1)+"\n")
			for _, name := range []string{"app_1_all.deb", "library_1.5_all.deb"} {
				house.Write(t, filepath.Join(dir, name), []byte(house.Read(t, extra, name)))
			}
			h.MustLock(t, a, dir, "--platform=linux/amd64")
			if diff := cmp.Diff(simulated(answers[i]), house.LockedNames(t, dir)); diff != "" {
				t.Errorf("%s, %.10s: (-apt-get +lock):\n%s", q.names, from, diff)
			}
		}
	}
	presentFile(t, h, a, base, extra)
	installedAsByApt(t, h, base, extra)
}

// installedAsByApt compares the databases that a build leaves with those after an
// apt-get install of the same files.
func installedAsByApt(t *testing.T, h *house.House, base, extra string) {
	t.Helper()
	ours := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers: [{packages: [\"./*.deb\"]}]\n")
	theirs := h.Project(t, `
-- strata.yaml --
{syntax}
from: `+base+`
layers:
  - build:
      network: default
      run: apt-get -qq update && apt-get -y install --no-install-recommends /srv/app_1_all.deb /srv/library_1.5_all.deb
`)
	for _, name := range []string{"app_1_all.deb", "library_1.5_all.deb"} {
		house.Write(t, filepath.Join(ours, name), []byte(house.Read(t, extra, name)))
	}
	w := h.ByStrata()
	w.Must(t, house.Flags(ours, "-o", h.Pushed("by-strata:1"), "--platform=linux/amd64")...)
	w.Must(t, house.Flags(theirs, "-o", h.Pushed("by-apt:1"), "--platform=linux/amd64")...)
	names := []string{"var/lib/dpkg/status", "var/lib/apt/extended_states"}
	got, wanted := house.SomeOf(t, h, "by-strata:1", names...), house.SomeOf(t, h, "by-apt:1", names...)
	paragraphs := func(root, name string) []string {
		all := strings.Split(house.Read(t, root, name), "\n\n")
		slices.Sort(all) // apt's own order is that of its cache
		return all
	}
	for _, name := range names {
		if diff := cmp.Diff(paragraphs(wanted, name), paragraphs(got, name)); diff != "" {
			t.Errorf("%s (-apt-get +strata):\n%s", name, diff)
		}
	}
}

// presentFile asks for a file whose version the image has already: apt-get has nothing
// to do, and neither has a build, until the file is another one.
func presentFile(t *testing.T, h *house.House, a *testenv.DebArchive, base, extra string) {
	t.Helper()
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers: [{packages: [./library_1.5_all.deb]}]\n")
	house.Write(t, filepath.Join(dir, "library_1.5_all.deb"), []byte(house.Read(t, extra, "library_1.5_all.deb")))
	h.ByStrata().Must(t, house.Flags(dir, "-o", h.Pushed("present:1"), "--platform=linux/amd64")...)
	there := h.Registry.Host + "/present:1"
	if said := askApt(t, h, there, "apt-get install --simulate --no-install-recommends /srv/library_1.5_all.deb"); len(simulated(said)) > 0 {
		t.Errorf("apt-get would install what is there:\n%s", said)
	}
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "from: "+base, "from: "+there)
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	house.Want(t, "exit status", string(rune('0'+status)), "0")
	house.Contains(t, out, "the base has library 1.5 already, so that ./library_1.5_all.deb changes nothing")
	house.Contains(t, house.Read(t, dir, "strata.lock"), "      packages:\n      present:\n        - {name: library, version: \"1.5\", arch: all, file: library_1.5_all.deb, ")
	if status, out := h.Lock(t, a, dir, "--check"); status != 0 {
		t.Errorf("strata lock --check: exit status %d\n%s", status, out)
	}
	house.Debs(t, dir, testenv.Deb{Name: "library", Version: "1.5", Files: map[string]string{"usr/share/library": "another\n"}})
	if status, out := h.Lock(t, a, dir, "--check"); status != 3 {
		t.Errorf("strata lock --check with another file: exit status %d\n%s", status, out)
	}
}
