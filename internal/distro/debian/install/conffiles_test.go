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

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// unpackOne unpacks a package and returns what is known of it.
func unpackOne(t *testing.T, deb string) ([]*group, *Package) {
	t.Helper()
	_, meta := unpackTo(t, UnpackOptions{}, deb)
	groups, err := unpack.ReadGroups[*Package](filepath.Dir(meta))
	must(t, err)
	for _, g := range groups {
		for _, p := range g.Packages {
			return groups, p
		}
	}
	t.Fatal("no package was unpacked")
	return nil, nil
}

// dpkgConffiles lets the machine's dpkg install a package, and returns its configuration
// files in the database.
func dpkgConffiles(t *testing.T, deb string) string {
	t.Helper()
	root := emptyRoot(t, "")
	command(t, "dpkg", "--root="+root, "--force-unsafe-io", "--log=/dev/null", "--install", deb)
	status, err := os.ReadFile(filepath.Join(root, statusFile))
	must(t, err)
	_, conffiles, _ := strings.Cut(string(status), "Conffiles:")
	conffiles, _, _ = strings.Cut(conffiles, "\nDescription")
	return conffiles
}

// TestConffilesOfOldVersions has a configuration file that only older versions had: dpkg
// notes it for the next one, and no user can have changed it.
func TestConffilesOfOldVersions(t *testing.T) {
	deb := buildDeb(t, "none", "hello", "",
		sourceFile{name: "etc/hello.conf", text: "a=1\n"},
		sourceFile{name: "DEBIAN/conffiles", text: "remove-on-upgrade /etc/old.conf\n/etc/hello.conf\n"},
	)
	groups, p := unpackOne(t, deb)
	if diff := cmp.Diff(dpkgConffiles(t, deb), p.stanza("installed").Get("Conffiles")); diff != "" {
		t.Errorf("other configuration files than dpkg's (-dpkg +ours):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"/etc/hello.conf": "hello"}, conffiles(groups)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestConffilesWithTwoNames has configuration files that are hard links.
func TestConffilesWithTwoNames(t *testing.T) {
	deb := buildDeb(t, "none", "hello", "",
		sourceFile{name: "etc/a.conf", text: "a=1\n"},
		sourceFile{name: "etc/b.conf", target: "=etc/a.conf"},
		sourceFile{name: "usr/share/hello/c", text: "c=1\n"},
		sourceFile{name: "DEBIAN/conffiles", text: "/etc/a.conf\n/etc/b.conf\n"},
		sourceFile{name: "DEBIAN/md5sums", text: "d41d8cd98f00b204e9800998ecf8427e  usr/share/hello/c\n"},
	)
	_, p := unpackOne(t, deb)
	if diff := cmp.Diff(dpkgConffiles(t, deb), p.stanza("installed").Get("Conffiles")); diff != "" {
		t.Errorf("other configuration files than dpkg's (-dpkg +ours):\n%s", diff)
	}
}

// TestFirstField has a package whose fields begin with one that only dpkg writes.
func TestFirstField(t *testing.T) {
	p := &Package{Control: control.Paragraph{{Name: "Conffiles", Value: "\n /etc/x 0"}, {Name: "Package", Value: "hello"}, {Name: "Version", Value: "1"}}}
	if got, want := p.stanza("unpacked").String(), "Package: hello\nStatus: install ok unpacked\nVersion: 1\n"; got != want {
		t.Errorf("it is entered as %q, want %q", got, want)
	}
}
