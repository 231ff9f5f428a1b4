// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package scratch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// profiles are packages with profiles of PAM: with others for the first of a stack, jumps
// to its end, modules of the same priority, only for some sessions, and not by default.
func profiles(t *testing.T) *testenv.DebArchive {
	scripts := map[string]string{"postinst": "#!/bin/sh\nset -e\npam-auth-update --package\n"}
	return testenv.NewDebArchive(t,
		testenv.Deb{Name: "first-profiles", Version: "1", Scripts: scripts, Fields: map[string]string{"Depends": "libpam-runtime"}, Files: map[string]string{
			"usr/share/pam-configs/key": "Name: A key\nDefault: yes\nPriority: 512\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_key.so try_first_pass  debug\nAuth-Initial:\n\t[success=end default=ignore]\tpam_key.so\n" +
				"Account-Type: Additional\nAccount:\n\trequired\tpam_key.so\n\t[default=end]\tpam_end.so x=end\nPassword-Type: Additional\nPassword-Final:\n\toptional\tpam_key.so use_authtok\n",
			"usr/share/pam-configs/same": "Name: As important\nDefault: yes\nPriority: 512\nConflicts: none, other\nAuth-Type: Primary\nAuth:\n\t[success=end  default=ignore] pam_same.so\n\n\trequisite\tpam_same2.so\n" +
				"Session-Interactive-Only: yes\nSession-Type: Additional\nSession:\n\toptional\tpam_same.so\n",
			"usr/share/pam-configs/off":    "Name: Not by default\nDefault: no\nPriority: 900\nAuth-Type: Primary\nAuth:\n\trequired\tpam_off.so\n",
			"usr/share/pam-configs/gone":   "Name: Of an old module\nDefault: yes\nPriority: 0\nAuth-Type: Additional\nAuth:\n\trequired\tpam_tally.so\n",
			"usr/share/pam-configs/saved~": "Name: A copy\nDefault: yes\nPriority: 0\nAuth-Type: Primary\nAuth:\n\trequired\tpam_copy.so\n",
		}},
		testenv.Deb{Name: "second-profile", Version: "1", Scripts: scripts, Fields: map[string]string{"Depends": "first-profiles"}, Files: map[string]string{
			"usr/share/pam-configs/later": "Name: Later\nDefault: yes\nPriority: 1000\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_later.so\nSession-Type: Primary\nSession-Initial:\n\trequired\tpam_later.so first\nSession:\n\trequired\tpam_later.so\n",
		}},
	)
}

// TestPAMOnScratch has what all services of PAM have in common made by the program of a
// Debian, and without one: they are the same, byte for byte.
func TestPAMOnScratch(t *testing.T) {
	h := house.New(t)
	a := profiles(t)
	uri, suite := testenv.DebianMirror(t)
	const own = "{type: deb, uri: OWN, suites: [stable], components: [main], signed_by: key.asc}"
	dir := h.Project(t, strings.NewReplacer("OWN", `"`+a.URL+`"`, "BASE", testenv.DebianBase(t), "MIRROR", uri, "SUITE", suite).Replace(`
-- strata.yaml --
{syntax}
targets:
  debian:
    from: BASE
    layers: [{packages: {names: [second-profile], repositories: [`+own+`]}}]
  scratch:
    layers:
      - packages:
          names: [second-profile, base-passwd]
          repositories: [`+own+`, {type: deb, uri: "MIRROR", suites: [SUITE], components: [main], signed_by: debian.gpg}]
`))
	house.Write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	key, err := os.ReadFile(testenv.DebianKeyring)
	must(t, err)
	house.Write(t, filepath.Join(dir, "debian.gpg"), key)
	made := func(target string) string {
		image := h.ByStrata().Image(t, h, "", house.Flags(dir, "--target="+target)...)
		root := house.SomeOf(t, h, image, "etc/pam.d", "var/lib/pam")
		for _, name := range []string{"etc/pam.d", "var/lib/pam"} {
			entries, err := os.ReadDir(filepath.Join(root, name))
			must(t, err)
			for _, e := range entries {
				if name == "etc/pam.d" && !strings.HasPrefix(e.Name(), "common-") {
					must(t, os.RemoveAll(filepath.Join(root, name, e.Name())))
				}
			}
		}
		return contents(t, root)
	}
	debian := made("debian")
	house.Contains(t, debian, "pam_later.so first\n", "pam_key.so try_first_pass debug\n", "/var/lib/pam/seen")
	if diff := cmp.Diff(debian, made("scratch")); diff != "" {
		t.Errorf("made by Debian's program, and without it: %s", diff)
	}
}

// contents are the files of a tree, with their modes.
func contents(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		must(t, err)
		b.WriteString(strings.TrimPrefix(p, root) + " " + info.Mode().String() + "\n" + house.Read(t, p))
		return nil
	}))
	return b.String()
}
