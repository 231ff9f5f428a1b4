// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// A packageFile is a package that is asked for as a file.
type packageFile struct {
	path   string
	index  *index.Index // that ours has it in
	wanted resolve.Wanted
}

// makeFile makes a package that needs, or replaces, what the set has drawn: by turns one
// that no archive has, and a very new and a very old version of one of the archive's.
func (s *set) makeFile(t *testing.T) {
	t.Helper()
	name, version := "local-app", "1.0"
	switch s.round % 4 {
	case 1:
		name, version = s.wanted[0].Name, "99:1.0"
	case 2:
		name, version = s.wanted[0].Name, "0~1"
	}
	var needs []string
	for i, w := range s.wanted {
		if w.Name != name && i < 2 {
			needs = append(needs, w.Name)
		}
	}
	text := "Package: " + name + "\nVersion: " + version + "\nArchitecture: all\nMaintainer: none <none@example.org>\nDescription: none\n"
	if len(needs) > 0 {
		text += "Depends: " + strings.Join(needs, []string{", ", " | "}[s.round%2]) + "\n"
	}
	if s.round%4 == 3 {
		text += "Conflicts: " + s.wanted[len(s.wanted)-1].Name + "\n"
	}
	root := filepath.Join(t.TempDir(), "root")
	if err := os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "DEBIAN/control"), text)
	s.file = &packageFile{path: root + ".deb"}
	if out, err := exec.Command("dpkg-deb", "--build", root, s.file.path).CombinedOutput(); err != nil {
		t.Fatalf("make a package: %v\n%s", err, out)
	}
	content, err := os.ReadFile(s.file.path)
	if err != nil {
		t.Fatal(err)
	}
	text += fmt.Sprintf("Filename: 0\nSize: %d\nSHA256: %x\n", len(content), sha256.Sum256(content))
	s.file.wanted = resolve.Wanted{Name: name, Version: version, File: s.file.path}
	if s.file.index, err = index.ReadIndex(strings.NewReader(text), index.Options{Repository: "the package files", Architecture: "all"}); err != nil {
		t.Fatal(err)
	}
	s.wanted = s.wanted[len(s.wanted):]
}
