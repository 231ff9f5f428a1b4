// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// TestUpgrade brings a base up to date as "apt-get upgrade --with-new-pkgs" does, or
// from the archive of security updates alone.
func TestUpgrade(t *testing.T) {
	base := "a 1\nb 1\nc 1\nd 3\nheld 1; Status: hold ok installed\nlocal 1"
	stable := listed(t, "stable", "a 2; Depends: new\nnew 1\nb 2\nc 1\nd 2\nheld 2\nother 1\nother 2")
	security := listedWith(t, "b 1+sec\nc 1.1; Depends: new", index.Options{Repository: "security", Suite: "oldstable-security", Label: "Debian-Security"})
	for _, c := range []struct {
		upgrade distro.Upgrade
		wanted  string
		want    string
	}{
		{distro.UpgradeAll, "", "a=2 b=2 c=1.1 new=1"},
		{distro.UpgradeSecurity, "", "b=1+sec c=1.1 new=1"},
		{distro.UpgradeNothing, "", ""},
		{distro.UpgradeAll, "other", "a=2 b=2 c=1.1 new=1 other=2"},
		{distro.UpgradeAll, "a=1", "b=2 c=1.1 new=1"},
		{distro.UpgradeSecurity, "b", "b=2 c=1.1 new=1"},
	} {
		req := Request{
			Indexes: []*index.Index{stable, security}, Installed: status(t, base), Upgrade: c.upgrade, Wanted: wants(strings.Fields(c.wanted)...),
		}
		words, _ := resolved(t, req)
		if diff := cmp.Diff(c.want, strings.Join(words, " ")); diff != "" {
			t.Errorf("upgrade %q, wanted %q: (-want +got)\n%s", c.upgrade, c.wanted, diff)
		}
	}
}

// TestKeptBack keeps back what can't be upgraded, as "apt-get upgrade" does: because of
// what is held, what would have to go, or a version that is asked for. The others are
// upgraded.
func TestKeptBack(t *testing.T) {
	base := "pam 1; Depends: pam-bin (= 1)\npam-bin 1; Status: hold ok installed\nx 1\ny 1\nz 1; Depends: z-data (= 1)\nz-data 1\nfree 1"
	stable := listed(t, "stable", "pam 2; Depends: pam-bin (= 2)\npam-bin 2\nx 2; Conflicts: y\ny 1\nz 2; Depends: z-data (= 2)\nz-data 2\nfree 2; Depends: new\nnew 1")
	for _, c := range []struct{ wanted, want, back string }{
		{"", "free=2 new=1 z=2 z-data=2", "pam x"},
		{"z=1", "free=2 new=1", "pam x z-data"},
	} {
		req := Request{Architecture: "amd64", Indexes: []*index.Index{stable}, Installed: status(t, base), Upgrade: distro.UpgradeAll, Wanted: wants(strings.Fields(c.wanted)...)}
		words, sol := resolved(t, req)
		var back []string
		for _, k := range sol.KeptBack {
			back = append(back, k.Name)
		}
		slices.Sort(back)
		if got := strings.Join(words, " "); got != c.want || strings.Join(back, " ") != c.back || len(sol.Removed) > 0 {
			t.Errorf("wanted %q: %s, back %v, removed %v; want %s, back %s", c.wanted, got, sol.KeptBack, sol.Removed, c.want, c.back)
		}
		if k := sol.KeptBack[0]; k.Version != "1" || k.Newer != "2" {
			t.Errorf("kept back %+v, want 1 instead of 2", k)
		}
	}
}

// TestUpgradeToPinned follows a pin of the base that is high enough for an older
// version, as "apt-get upgrade --allow-downgrades" does, with what that needs.
func TestUpgradeToPinned(t *testing.T) {
	pins, err := index.ReadPreferences("preferences", []byte("Package: a held\nPin: version 1\nPin-Priority: 1001\n"))
	if err != nil {
		t.Fatal(err)
	}
	archive := listed(t, "stable", "a 1; Depends: old\nold 1\nb 2\nheld 1")
	req := Request{
		Architecture: "amd64", Indexes: []*index.Index{archive}, Installed: status(t, "a 2\nb 1\nheld 2; Status: hold ok installed"),
		Pins: pins, Upgrade: distro.UpgradeAll,
	}
	words, sol := resolved(t, req)
	if diff := cmp.Diff([]string{"a=1", "b=2", "old=1"}, words); diff != "" || len(sol.KeptBack) > 0 {
		t.Errorf("kept back %v; (-want +got)\n%s", sol.KeptBack, diff)
	}
}

// TestUpgradeInOrder upgrades in the order of apt's own table of names, not in that of
// the archive: what comes in for one package keeps back another or is taken back.
func TestUpgradeInOrder(t *testing.T) {
	archive := listed(t, "stable", "d 1; Depends: h; Breaks: e (<= 2)\ng 1\nh 2; Breaks: b\nb 3\ne 2; Depends: g\na 3; Depends: e")
	req := Request{Architecture: "amd64", Indexes: []*index.Index{archive}, Installed: status(t, "a 2\nb 1\nd 0\ng 0"), Upgrade: distro.UpgradeAll}
	words, _ := resolved(t, req)
	if diff := cmp.Diff([]string{"g=1"}, words); diff != "" {
		t.Error(diff)
	}
}
