// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestMirrorsOfLooks copies a directory of a target to where the base has one, for which
// the target is looked into while the plan is lowered. Its package is had from the second
// mirror: the first one has nothing but the lists.
func TestMirrorsOfLooks(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "site", Version: "1", Files: map[string]string{"usr/share/site/file": "theirs\n"}})
	lists := map[string][]byte{}
	for _, name := range []string{"InRelease", "main/binary-amd64/Packages", "main/binary-amd64/Packages.gz"} {
		data, err := os.ReadFile(filepath.Join(a.Dir, "dists/stable", name))
		if err != nil {
			t.Fatal(err)
		}
		lists[path.Join("/dists/stable", name)] = data
	}
	dir := h.OnDebian(t, a, h.Base, `
  - files: [{dest: /etc/, from: target:packages, source: /usr/share/site/}]
targets:
  packages:
    layers:
      - packages: {names: [site], REPOSITORIES}
`)
	text := strings.Replace(house.Read(t, dir, "strata.yaml"), a.URL, testenv.FileServer(t, lists).URL+" "+a.URL, 1)
	house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(text))
	h.Each(t, func(t *testing.T, w house.Way) {
		house.Want(t, "/etc/file", house.Read(t, w.Files(t, house.Flags(dir)...), "etc/file"), "theirs\n")
	})
}
