// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dpkgTakes reports whether the machine's dpkg unpacks a package, and what it says.
func dpkgTakes(t *testing.T, deb string) (bool, string) {
	t.Helper()
	return dpkgUnpacks(t, t.TempDir(), deb)
}

func dpkgUnpacks(t *testing.T, root, deb string) (bool, string) {
	t.Helper()
	for _, dir := range []string{"info", "updates", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"var/lib/dpkg/status": "", "var/lib/dpkg/available": "", "x.deb": deb} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("dpkg", "--root="+root, "--force-depends", "--log=/dev/null", "--unpack", filepath.Join(root, "x.deb")).CombinedOutput()
	return err == nil, string(out)
}

// TestFieldsAsDpkg takes and refuses the fields that dpkg does: it reads nothing of a
// database that has one that it refuses.
func TestFieldsAsDpkg(t *testing.T) {
	const text = "Package: evil\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: evil\n"
	for _, change := range []string{
		"Multi-Arch: evil", "Multi-Arch: same", "Multi-Arch: Foreign", "Multi-Arch: no", "Multi-Arch: allowed x",
		"Essential: perhaps", "Essential: YES", "Protected: 1", "Protected: no", "X: y", "XY: z",
		"Depends: foo (", "Depends: foo (= !!)", "Depends: foo (>= a1)", "Depends: foo (>= 1), bar | baz,", "Depends: foo, , bar", "Depends: , foo", "Depends: ,", "Depends: foo,,", "Depends: foo,\n , bar", "Depends: foo:../x", "Depends: foo:any (<< 2)",
		"Depends: foo [amd64]", "Depends: foo <!nocheck>", "Depends: a | | b", "Depends: Foo_1 (= 1)", "Depends: -foo", "Depends: foo, (= 1)",
		"Pre-Depends: foo (= 1:2-)", "Recommends: foo (~ 1)", "Suggests: foo (1.0)", "Enhances: foo (= 1_2)",
		"Conflicts: a | b", "Breaks: a (<< 1~)", "Replaces: a | b", "Provides: a | b", "Provides: a (>> 1)", "Provides: a (= 1)",
		"Version: 1-", "Version: abc", "Version: -1:2", "Version: 99999999999:2", "Version: 1:", "Version: :1", "Version: 1:2:3", "Version: 1-2-3", "Version: 0:1.0~rc1+b2-0.1",
		"Package: +evil", "Package: a", "XY: a\n \u00a0\n b", "XY: a\n \t\n b", "XY: a\n \v\n b", "XY: a\n \f\n", "XY: a\n \r\n", "XY: \u2003", "Installed-Size: x", "Priority: evil", "Section: ../../x",
	} {
		name, _, _ := strings.Cut(change, ":")
		var b strings.Builder
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, name+":") {
				b.WriteString(line)
			}
		}
		deb := archive("debian-binary", "2.0\n", "control.tar", tarball(t, "control", change+"\n"+b.String()), "data.tar", tarball(t))
		_, err := read(deb)
		if want, said := dpkgTakes(t, deb); want != (err == nil) {
			t.Errorf("%s: %v, but dpkg says:\n%s", change, err, said)
		}
	}
}

// TestInfoNameAsDpkg names the files of dpkg's database as dpkg does, which reads Multi-Arch
// in capitals as well.
func TestInfoNameAsDpkg(t *testing.T) {
	for _, value := range []string{"same", "Same", "SAME", "foreign", "no"} {
		deb := archive("debian-binary", "2.0\n", "control.tar", tarball(t, "control", controlText+"Maintainer: x\nMulti-Arch: "+value+"\n"), "data.tar", tarball(t))
		root := t.TempDir()
		if ok, said := dpkgUnpacks(t, root, deb); !ok {
			t.Fatal(said)
		}
		c, err := read(deb)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(root, "var/lib/dpkg/info", c.InfoName()+".list")); err != nil {
			t.Errorf("Multi-Arch: %s: %v", value, err)
		}
	}
}
