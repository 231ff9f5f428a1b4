// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import "testing"

// TestUpgradeFaults shows what a user reads when a base can't be brought up to date as
// the build file says.
func TestUpgradeFaults(t *testing.T) {
	debian := someFiles{"/var/lib/dpkg/status": "Package: base-files\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"}
	for _, c := range []struct {
		name, text, want string
		base             someFiles
	}{
		{
			"scratch", "layers:\n  - packages: {upgrade: true}\n",
			"strata.yaml:2:25: scratch has no packages that could be brought up to date; leave `upgrade` out", nil,
		},
		{
			"two ways", "from: base\nlayers:\n  - packages: {upgrade: true}\n  - packages: {upgrade: security}\n",
			"strata.yaml:4:25: the packages of one image are upgraded in one way, not true and security", debian,
		},
		{
			"an argument", "args: {UP: all}\nfrom: base\nlayers:\n  - packages: {upgrade: $UP}\n",
			`strata.yaml:4:25: upgrade is true, false or security, not "all"`, debian,
		},
		{
			"Alpine's security", "from: base\nlayers:\n  - packages: {upgrade: security}\n",
			"strata.yaml:3:15: upgrade: security: archives of Alpine don't say which updates are for security; write true",
			someFiles{"/lib/apk/db/installed": "", "/etc/apk/repositories": "https://alpine.example.org\n"},
		},
		{
			"a tool's", "from: base\nlayers:\n  - packages: {upgrade: true}\n",
			"strata.yaml:3:25: packages of dnf are not brought up to date so; run its own tool in a build layer",
			someFiles{"/usr/bin/dnf": ""},
		},
	} {
		if _, err := planOf(withBase(t, c.text, c.base)); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v\nwant %s", c.name, err, c.want)
		}
	}
}
