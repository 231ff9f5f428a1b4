// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// Services is an archive with packages that make accounts, and one that needs
// another one before it is unpacked.
func Services(t *testing.T) *testenv.DebArchive {
	account := func(name string) map[string]string {
		return map[string]string{"postinst": "#!/bin/sh\nset -e\nuseradd --system --no-create-home " + name + "\n"}
	}
	return testenv.NewDebArchive(t,
		testenv.Deb{Name: "first", Version: "1", Scripts: account("first"), Files: map[string]string{"usr/share/first": "1\n"}},
		testenv.Deb{Name: "second", Version: "1", Scripts: account("second"), Fields: map[string]string{"Pre-Depends": "zeroth"}},
		testenv.Deb{Name: "third", Version: "1", Scripts: account("third"), Fields: map[string]string{"Depends": "second"}},
		testenv.Deb{Name: "zeroth", Version: "1", Scripts: account("zeroth")},
	)
}

// OnDebian is a project on a base of Debian with further layers, whose packages
// come from an archive.
func (h *House) OnDebian(t *testing.T, a *testenv.DebArchive, base, layers string) string {
	t.Helper()
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n"+strings.ReplaceAll(layers, "REPOSITORIES",
		"repositories: [{type: deb, uri: \""+a.URL+"\", suites: [stable], components: [main], signed_by: key.asc}]"))
	Write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	return dir
}

// Healthy asks the tools of an image whether its packages are whole, and returns
// what is installed of some packages.
func (h *House) Healthy(t *testing.T, image, packages string) string {
	t.Helper()
	// The image is large: what comes out has only what it says.
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - build:
      from: "{registry}/`+image+`"
      run: |
        {
          dpkg --audit
          dpkg --verify
          [ ! -x /usr/bin/apt-get ] || apt-get check -qq -o Debug::NoLocking=1 -o Dir::Cache=/tmp
          dpkg-query --show --showformat '${db:Status-Abbrev}${Package} ${Version}\n' `+packages+`
        } >$out/said 2>&1
`)
	return Read(t, h.ByStrata().Files(t, Flags(dir)...), "said")
}

// LayersOf are the words of the image's layers.
func LayersOf(t *testing.T, h *House, image string) string {
	t.Helper()
	var words []string
	for _, entry := range Raw(t, h, image, "--config")["history"].([]any) {
		if text, ok := Dig(entry, "created_by").(string); ok {
			words = append(words, text)
		}
	}
	return strings.Join(words, "\n")
}

// Debs makes packages of Debian as files of a directory, and returns the directory.
func Debs(t *testing.T, dir string, packages ...testenv.Deb) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		arch := p.Arch
		if arch == "" {
			arch = "all"
		}
		p.Build(t, filepath.Join(dir, p.Name+"_"+p.Version+"_"+arch+".deb"))
	}
	return dir
}
