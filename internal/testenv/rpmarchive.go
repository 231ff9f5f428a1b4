// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// RPM is a package of rpm's format that a test makes up, for every architecture.
type RPM struct {
	Name, Version string
	// Tags are further lines of the spec file's head, such as "Requires: lib".
	Tags []string
	// Files are contents by their absolute paths.
	Files map[string]string
	// Post is a script that runs when the package is installed.
	Post string
}

// RPMArchive is a repository of rpm packages on 127.0.0.1, made by rpmbuild and
// createrepo_c. It is not signed.
type RPMArchive struct {
	// URL is the repository's address.
	URL string
	// Dir is the directory that is served.
	Dir string
	// Recorder notes what was asked for.
	*Recorder
}

// NewRPMArchive serves a repository of packages until the test ends.
func NewRPMArchive(t testing.TB, packages ...RPM) *RPMArchive {
	t.Helper()
	a := &RPMArchive{Dir: t.TempDir()}
	for i := range packages {
		packages[i].build(t, a.Dir)
	}
	Output(t, "createrepo_c", "--quiet", a.Dir)
	a.Recorder = &Recorder{next: http.FileServer(http.Dir(a.Dir))}
	a.URL = "http://" + serve(t, a.Recorder)
	return a
}

// build writes the package into a directory.
func (p *RPM) build(t testing.TB, dir string) {
	t.Helper()
	top := t.TempDir()
	head := append([]string{
		"Name: " + p.Name, "Version: " + p.Version, "Release: 1", "Summary: " + p.Name, "License: none", "BuildArch: noarch",
	}, p.Tags...)
	var install, files strings.Builder
	for i, name := range slices.Sorted(maps.Keys(p.Files)) {
		source := filepath.Join(top, fmt.Sprint(i))
		if err := os.WriteFile(source, []byte(p.Files[name]), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&install, "install -D -m 0755 %s %%{buildroot}%s\n", source, name)
		fmt.Fprintf(&files, "%s\n", name)
	}
	spec := strings.Join(head, "\n") + "\n%description\n" + p.Name + "\n%install\n" + install.String() + "%files\n" + files.String()
	if p.Post != "" {
		spec += "%post\n" + p.Post
	}
	file := filepath.Join(top, p.Name+".spec")
	if err := os.WriteFile(file, []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	Output(t, "rpmbuild", "-bb", "--quiet", "--define", "_topdir "+top, "--define", "_rpmdir "+dir, file)
}
