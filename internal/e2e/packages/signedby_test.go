// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestKeysOfTheBase takes packages from archives whose keys are anywhere in the base:
// where a source names them, and beside the ones that apt trusts always, whatever they
// are called. A file without keys among these is passed over.
func TestKeysOfTheBase(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "hello", Version: "1"})
	for name, c := range map[string]struct{ file, source string }{
		"signed by":   {"opt/keys/archive.asc", "Types: deb\nURIs: " + a.URL + "\nSuites: stable\nComponents: main\nSigned-By: /opt/keys/archive.asc\n"},
		"in one line": {"srv/archive.asc", "deb [signed-by=/srv/archive.asc] " + a.URL + " stable main\n"},
		"odd name":    {"etc/apt/trusted.gpg.d/our key (2) [new].asc", "deb " + a.URL + " stable main\n"},
	} {
		t.Run(name, func(t *testing.T) {
			sources := "etc/apt/sources.list"
			if strings.HasPrefix(c.source, "Types") {
				sources = "etc/apt/sources.list.d/ours.sources"
			}
			base := testenv.SharedRegistry(t).Push(t, "keys:"+strings.ReplaceAll(name, " ", "-"), testenv.DebianImage(t, []testenv.Entry{
				{Path: "etc/apt/sources.list", Data: []byte("\n")},
			}, []testenv.Entry{
				{Path: "etc/apt/trusted.gpg.d/empty.gpg", Data: []byte("no keys\n")}, {Path: c.file, Data: a.Keyring}, {Path: sources, Data: []byte(c.source)},
			}))
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [hello]\n")
			h.MustLock(t, a, dir, "--platform=linux/amd64")
			house.Contains(t, house.Read(t, dir, "strata.lock"), "name: hello")
		})
	}
}
