// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// TestConffilesOfOldVersions has a configuration file that only older versions had: dpkg
// notes it for the next one, and no user can have changed it.
func TestConffilesOfOldVersions(t *testing.T) {
	deb := buildDeb(t, "none", "hello", "",
		sourceFile{name: "etc/hello.conf", text: "a=1\n"},
		sourceFile{name: "DEBIAN/conffiles", text: "remove-on-upgrade /etc/old.conf\n/etc/hello.conf\n"},
	)
	_, meta := unpackTo(t, UnpackOptions{}, deb)
	groups, err := unpack.ReadGroups[*Package](filepath.Dir(meta))
	must(t, err)
	var p *Package
	for _, g := range groups {
		for _, one := range g.Packages {
			p = one
		}
	}
	if p == nil {
		t.Fatal("no package was unpacked")
	}
	root := emptyRoot(t, "")
	command(t, "dpkg", "--root="+root, "--force-unsafe-io", "--log=/dev/null", "--install", deb)
	status, err := os.ReadFile(filepath.Join(root, statusFile))
	must(t, err)
	_, want, _ := strings.Cut(string(status), "Conffiles:")
	want, _, _ = strings.Cut(want, "\nDescription")
	if diff := cmp.Diff(want, p.stanza("installed").Get("Conffiles")); diff != "" {
		t.Errorf("other configuration files than dpkg's (-dpkg +ours):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"/etc/hello.conf": "hello"}, conffiles(groups)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
