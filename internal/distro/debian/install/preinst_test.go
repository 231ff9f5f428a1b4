// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/unpack"
)

// refusals are scripts for before unpacking, and what is said of them here: nothing
// where they aren't run, "run" where they are, or why not. dpkg runs all of them
// without a root of its own: they must change nothing.
func refusals() map[string]string {
	return map[string]string{
		"":                                      "",
		"exit 3":                                "fails with status 3",
		"false":                                 "it fails",
		"set -e\n[ -d /no/such ]\ntrue":         "it fails",
		"set -e\n[ \"$1\" = install ]\nexit 0":  "",
		"echo 'not on this system' >&2; exit 1": "fails with status 1",
		"if [ \"$1\" = install ] && [ -n \"$1\" ]; then exit 9; fi":                    "fails with status 9",
		"case \"$1\" in\nupgrade) exit 4;;\ninstall) exit 5;;\nesac":                   "fails with status 5",
		"f() { return 7; }\nset -e\nf || true\nf\n":                                    "it fails",
		"grep -q root /etc/passwd || exit 0":                                           "",
		"set -e\nif dpkg --compare-versions \"$2\" lt 2; then rm -f /no/such/file; fi": "",
		"set -e\ndpkg --compare-versions \"$2\" lt 2\nexit 0":                          "",
		"set -e\ndpkg --compare-versions \"$2\" gt 2\nexit 0":                          "it fails",
		"grep -q nothing /etc/passwd":                                                  "run",
		"[ -e /usr/lib/pack/file ] || exit 8":                                          "there only after unpacking",
		"command -v packed-program >/dev/null || exit 8":                               "it isn't known whether it fails",
		"for i in a b; do [ $i = a ] && continue; exit 6; done":                        "fails with status 6",
		"x=$(false)\nexit $?":                                                          "it fails",
		"(exit 3)\nexit 0":                                                             "",
	}
}

// TestPreinstIsDpkgs lets dpkg run the same scripts: where one is taken for a success
// and isn't run, dpkg doesn't fail, and where a status is named, dpkg names it.
func TestPreinstIsDpkgs(t *testing.T) {
	status := regexp.MustCompile(`error exit status (\d+)`)
	for script, want := range refusals() {
		t.Run(strings.ReplaceAll(script, "\n", ";"), func(t *testing.T) {
			t.Parallel()
			deb := buildDeb(t, "none", "pack", "", sourceFile{name: "usr/lib/pack/file", text: "x"},
				sourceFile{name: "usr/bin/packed-program", text: "#!/bin/sh\n", mode: 0o755},
				sourceFile{name: "DEBIAN/preinst", text: "#!/bin/sh\n" + script + "\n", mode: 0o755})
			run, why := judged(t, deb)
			got := why
			if run && why == "" {
				got = "run"
			}
			if !strings.Contains(got, want) || (want == "") != (got == "") {
				t.Errorf("got %q, want %q", got, want)
			}
			out, failed := dpkgRefuses(t, deb)
			code := status.FindStringSubmatch(out)
			switch {
			case !run && why == "" && failed:
				t.Errorf("it isn't run, and dpkg fails:\n%s", out)
			case strings.HasPrefix(why, "it fails") && !failed:
				t.Errorf("%s, and dpkg doesn't fail:\n%s", why, out)
			case strings.HasPrefix(why, "it fails with") && (code == nil || !strings.Contains(why, "status "+code[1]+" ")):
				t.Errorf("%s, and dpkg says:\n%s", why, out)
			}
		})
	}
}

// TestPreinstThatChangesFiles isn't for dpkg: these scripts write where it isn't seen at
// first.
func TestPreinstThatChangesFiles(t *testing.T) {
	for _, script := range []string{
		"command rm -rf /usr/lib/pack", "sed -ni 'w /etc/x' /etc/passwd", "sed 's/a/b/w /etc/x' /etc/passwd >/dev/null",
		"sort -o /etc/x /etc/passwd", "trap 'exit 3' EXIT\nexit 0",
	} {
		deb := buildDeb(t, "none", "pack", "", sourceFile{name: "DEBIAN/preinst", text: "#!/bin/sh\n" + script + "\n", mode: 0o755})
		if _, why := judged(t, deb); !strings.Contains(why, "its effect isn't known") {
			t.Errorf("%s: %q", script, why)
		}
	}
}

// judged is what is said of a package's script on a minimal base.
func judged(t *testing.T, deb string) (run bool, why string) {
	t.Helper()
	_, meta := unpackTo(t, UnpackOptions{}, deb)
	root := t.TempDir()
	writeFile(t, root+"/var/lib/dpkg/status", "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n")
	writeFile(t, root+"/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
	b, err := readBase(root)
	must(t, err)
	groups, err := unpack.ReadGroups[*Package](filepath.Dir(meta))
	must(t, err)
	run, why, err = newScripts(b, groups).preinst(groups[0].Packages[0])
	must(t, err)
	return run, why
}

// dpkgRefuses lets dpkg install a package in a directory of its own.
func dpkgRefuses(t *testing.T, deb string) (out string, failed bool) {
	t.Helper()
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "var/lib/dpkg/updates"), 0o755))
	must(t, os.MkdirAll(filepath.Join(root, "var/lib/dpkg/info"), 0o755))
	writeFile(t, filepath.Join(root, "var/lib/dpkg/status"), "")
	cmd := exec.Command("dpkg", "--root="+root, "--force-script-chrootless", "--force-architecture", "--log=/dev/null", "-i", deb)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	if err != nil && !strings.Contains(b.String(), "pre-installation script") {
		t.Fatal(fmt.Errorf("dpkg fails otherwise: %w\n%s", err, &b))
	}
	return b.String(), err != nil
}
