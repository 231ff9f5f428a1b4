// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
)

// askApt runs a script in an image that has apt, with its archives' lists, and returns
// what it prints.
func (h *house) askApt(t *testing.T, image, script string) string {
	t.Helper()
	dir := h.project(t, `
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
	return read(t, way{"strata", h.strata}.files(t, flags(dir, "--no-cache")...), "said")
}

// upgradable are the packages of an image that its own apt would upgrade.
func (h *house) upgradable(t *testing.T, image string) []string {
	t.Helper()
	var names []string
	said := h.askApt(t, image, "apt list --upgradable; apt-get --simulate dist-upgrade")
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
	h := newHouse(t)
	old, security := testenv.NewDebArchive(t,
		testenv.Deb{Name: "tool", Version: "1", Fields: map[string]string{"Depends": "library"}},
		testenv.Deb{Name: "tool", Version: "2", Fields: map[string]string{"Depends": "library (>= 2), brandnew"}},
		testenv.Deb{Name: "library", Version: "1"}, testenv.Deb{Name: "library", Version: "2"}, testenv.Deb{Name: "brandnew", Version: "1"},
		testenv.Deb{Name: "daemon", Version: "1"},
	), testenv.NewDebArchive(t, testenv.Deb{Name: "daemon", Version: "1+fixed"})
	security.Index(t, "Label=Debian-Security")
	base := h.registry.Push(t, "upgradable:1", testenv.DebianImage(t, []testenv.Entry{
		{Path: "etc/"},
		{Path: "etc/apt/"},
		{Path: "etc/apt/sources.list", Data: []byte("deb [signed-by=/etc/apt/a.asc] " + old.URL + " stable main\ndeb [signed-by=/etc/apt/b.asc] " + security.URL + " stable main\n")},
		{Path: "etc/apt/a.asc", Data: old.Keyring},
		{Path: "etc/apt/b.asc", Data: security.Keyring},
	}))
	start := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [tool=1, library=1, daemon=1]\n")
	w := way{"strata", h.strata}
	w.must(t, flags(start, "-o", h.pushed("outdated:1"), "--platform=linux/amd64")...)
	outdated := h.registry.Host + "/outdated:1"
	if diff := cmp.Diff([]string{"daemon", "library", "tool"}, h.upgradable(t, outdated)); diff != "" {
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
			dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+outdated+"\nlayers:\n  - packages: {upgrade: "+upgrade+"}\n")
			h.mustLock(t, old, dir, "--platform=linux/amd64")
			want(t, "the lock", strings.Join(lockedNames(t, dir), ", "), c.locked)
			image := h.registry.Host + "/" + w.image(t, h, "", flags(dir, "--platform=linux/amd64")...)
			if diff := cmp.Diff(c.left, h.upgradable(t, image)); diff != "" {
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
	h := newHouse(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "mailer", Version: "1", Fields: map[string]string{"Depends": "mta-a | mta-b | mta"}},
		testenv.Deb{Name: "mta-a", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta"}},
		testenv.Deb{Name: "mta-b", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta", "Depends": "library"}},
		testenv.Deb{Name: "mta-c", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta"}},
		testenv.Deb{Name: "library", Version: "1"}, testenv.Deb{Name: "library", Version: "2"},
	)
	extra := built(t, t.TempDir(), testenv.Deb{Name: "app", Version: "1", Fields: map[string]string{"Depends": "mailer, library"}}, testenv.Deb{Name: "library", Version: "1.5"})
	entries := []testenv.Entry{{Path: "srv/"}}
	for _, name := range []string{"app_1_all.deb", "library_1.5_all.deb"} {
		entries = append(entries, testenv.Entry{Path: "srv/" + name, Data: []byte(read(t, extra, name))})
	}
	base := h.registry.Push(t, "asked:1", testenv.DebianImage(t, append(entries,
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
	answers := strings.Split(h.askApt(t, base, strings.Join(script, "; ")), "ANSWERED\n")
	for i, q := range questions {
		for _, from := range []string{"from: " + base + "\nlayers: [{packages: [NAMES]}]", "layers: [{packages: {names: [NAMES], like: \"" + base + "\"}}]"} {
			dir := h.project(t, "-- strata.yaml --\n{syntax}\n"+strings.Replace(from, "NAMES", q.names, 1)+"\n")
			for _, name := range []string{"app_1_all.deb", "library_1.5_all.deb"} {
				write(t, filepath.Join(dir, name), []byte(read(t, extra, name)))
			}
			h.mustLock(t, a, dir, "--platform=linux/amd64")
			if diff := cmp.Diff(simulated(answers[i]), lockedNames(t, dir)); diff != "" {
				t.Errorf("%s, %.10s: (-apt-get +lock):\n%s", q.names, from, diff)
			}
		}
	}
	h.presentFile(t, a, base, extra)
	h.installedAsByApt(t, base, extra)
}

// installedAsByApt compares the databases that a build leaves with those after an
// apt-get install of the same files.
func (h *house) installedAsByApt(t *testing.T, base, extra string) {
	t.Helper()
	ours := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers: [{packages: [\"./*.deb\"]}]\n")
	theirs := h.project(t, `
-- strata.yaml --
{syntax}
from: `+base+`
layers:
  - build:
      network: default
      run: apt-get -qq update && apt-get -y install --no-install-recommends /srv/app_1_all.deb /srv/library_1.5_all.deb
`)
	for _, name := range []string{"app_1_all.deb", "library_1.5_all.deb"} {
		write(t, filepath.Join(ours, name), []byte(read(t, extra, name)))
	}
	w := way{"strata", h.strata}
	w.must(t, flags(ours, "-o", h.pushed("by-strata:1"), "--platform=linux/amd64")...)
	w.must(t, flags(theirs, "-o", h.pushed("by-apt:1"), "--platform=linux/amd64")...)
	names := []string{"var/lib/dpkg/status", "var/lib/apt/extended_states"}
	got, wanted := someOf(t, h, "by-strata:1", names...), someOf(t, h, "by-apt:1", names...)
	paragraphs := func(root, name string) []string {
		all := strings.Split(read(t, root, name), "\n\n")
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
func (h *house) presentFile(t *testing.T, a *testenv.DebArchive, base, extra string) {
	t.Helper()
	dir := h.project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers: [{packages: [./library_1.5_all.deb]}]\n")
	write(t, filepath.Join(dir, "library_1.5_all.deb"), []byte(read(t, extra, "library_1.5_all.deb")))
	way{"strata", h.strata}.must(t, flags(dir, "-o", h.pushed("present:1"), "--platform=linux/amd64")...)
	there := h.registry.Host + "/present:1"
	if said := h.askApt(t, there, "apt-get install --simulate --no-install-recommends /srv/library_1.5_all.deb"); len(simulated(said)) > 0 {
		t.Errorf("apt-get would install what is there:\n%s", said)
	}
	replace(t, filepath.Join(dir, "strata.yaml"), "from: "+base, "from: "+there)
	status, out := h.lock(t, a, dir, "--platform=linux/amd64")
	want(t, "exit status", string(rune('0'+status)), "0")
	contains(t, out, "the base has library 1.5 already, so that ./library_1.5_all.deb changes nothing")
	contains(t, read(t, dir, "strata.lock"), "      packages:\n      present:\n        - {name: library, version: \"1.5\", arch: all, file: library_1.5_all.deb, ")
	if status, out := h.lock(t, a, dir, "--check"); status != 0 {
		t.Errorf("strata lock --check: exit status %d\n%s", status, out)
	}
	built(t, dir, testenv.Deb{Name: "library", Version: "1.5", Files: map[string]string{"usr/share/library": "another\n"}})
	if status, out := h.lock(t, a, dir, "--check"); status != 3 {
		t.Errorf("strata lock --check with another file: exit status %d\n%s", status, out)
	}
}
