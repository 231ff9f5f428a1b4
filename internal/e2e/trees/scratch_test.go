// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/plan"
)

// assembled are the layers of packages on scratch.
func assembled(all []plan.Archive, skip bool) []plan.Action {
	return []plan.Action{
		&plan.Unpack{Format: "deb", Archives: all},
		&plan.Install{Format: "deb", Installer: plan.Assemble, Archives: all, SkipScripts: skip},
	}
}

// TestAssembleOnScratch makes an image without running anything, and compares what
// it has with what dpkg and the scripts make on a base.
func TestAssembleOnScratch(t *testing.T) {
	h := newHouse(t)
	packages := archives(testenv.DebianPackagesOnNothing(t, "base-files", "base-passwd", "netbase", "ca-certificates", "tzdata", "libc6", "media-types", "jq", "debconf", "mawk"))
	got := tree{}
	if err := h.build(h.lowerOn(t, plan.Tree{Kind: plan.Scratch}, assembled(packages, false)...), got.read); err != nil {
		t.Fatal(err)
	}
	missing := archives(testenv.DebianPackages(t, "ca-certificates", "jq", "netbase", "media-types"))
	want := tree{}
	if err := h.build(h.lower(t, false, grouped(missing, 10)...), want.read); err != nil {
		t.Fatal(err)
	}
	for p := range want {
		if !strings.HasPrefix(p, "/etc/ssl/") && !slices.Contains([]string{
			"/root/.profile", "/etc/profile", "/var/mail", "/var/run", "/usr/local/bin", "/var/log/wtmp",
			"/etc/localtime", "/etc/timezone", "/etc/ca-certificates.conf", "/usr/local/share/ca-certificates", "/usr/lib/ssl", "/bin", "/lib64", "/etc/alternatives/awk", "/usr/bin/awk",
		}, p) {
			continue
		}
		if got[p].what != want[p].what {
			t.Errorf("%s\n  has  %s\n  want %s", p, got[p].what, want[p].what)
		}
	}
	for _, p := range []string{"/etc/ld.so.cache", "/etc/passwd", "/etc/group", "/var/lib/dpkg/status", "/etc/os-release", "/var/lib/dpkg/info/jq.list"} {
		if _, ok := got[p]; !ok {
			t.Errorf("there is no %s", p)
		}
	}
}

// TestUnknownScriptsStopTheBuild shows that a script that needs what isn't there is
// named with what to add, and may be left out.
func TestUnknownScriptsStopTheBuild(t *testing.T) {
	h := newHouse(t)
	all := testenv.DebianPackagesOnNothing(t, "memcached")
	only := slices.DeleteFunc(archives(all), func(a plan.Archive) bool { return a.Name != "memcached" })
	err := h.build(h.lowerOn(t, plan.Tree{Kind: plan.Scratch}, assembled(only, false)...), tree{}.read)
	if err == nil || !strings.Contains(err.Error(), "scripts: skip") ||
		!strings.Contains(err.Error(), "  memcached: its script postinst: getent group memcache (line 14): there is no /etc/group; add base-passwd to \"names\"") {
		t.Errorf("error %v", err)
	}
	if err := h.build(h.lowerOn(t, plan.Tree{Kind: plan.Scratch}, assembled(only, true)...), tree{}.read); err != nil {
		t.Errorf("without scripts: %v", err)
	}
}
