// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package bases

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestEmulated installs packages on a Debian of another architecture: its own dpkg
// and shell configure them, and nothing is left to do.
func TestEmulated(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{
			Name: "native", Version: "1", Arch: "arm64", Fields: map[string]string{"Depends": "shared"},
			Files: map[string]string{"usr/share/native": "native\n"}, Scripts: map[string]string{"postinst": "#!/bin/sh\nuname -m >/usr/share/machine\n"},
		},
		testenv.Deb{Name: "shared", Version: "1"},
	)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: target:base\nlayers:\n"+
		"  - packages: {names: [native], repositories: [{type: deb, uri: \""+a.URL+"\", suites: [stable], components: [main], signed_by: key.asc}]}\n"+
		`
targets:
  said:
    layers:
      - build:
          from: target:default
          run: |
            {
              cat /usr/share/native /usr/share/machine
              dpkg --audit
              dpkg --verify
              apt-get check -qq -o Debug::NoLocking=1 -o Dir::Cache=/tmp
              dpkg-query --show --showformat '${db:Status-Abbrev}${Package}:${Architecture}\n' native shared
            } >$out/said 2>&1
  base:
`+indent(testenv.DebianOnScratch(t)))
	key, err := os.ReadFile(testenv.DebianKeyring)
	if err != nil {
		t.Fatal(err)
	}
	house.Write(t, filepath.Join(dir, "key.gpg"), key)
	house.Write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	out := h.ByStrata().Files(t, house.Flags(dir, "--platform=linux/arm64", "--target=said")...)
	house.Want(t, "what the image says", house.Read(t, out, "said"), "native\naarch64\nii native:arm64\nii shared:all\n")
}

// indent makes the text a value of a key two levels down.
func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
