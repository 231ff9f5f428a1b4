// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
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
