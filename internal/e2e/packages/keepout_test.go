// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestPackagesKeptOut takes another provider for what must not come in, and keeps
// that in the lock; with nothing else to take, the error names the chain.
func TestPackagesKeptOut(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "mailer", Version: "1", Fields: map[string]string{"Depends": "mta-a | mta"}},
		testenv.Deb{Name: "mta-a", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta"}},
		testenv.Deb{Name: "mta-b", Version: "1", Fields: map[string]string{"Provides": "mta", "Conflicts": "mta"}},
	)
	dir := h.PackagesProject(t, a, `mailer, "!mta-a", "!mtaa"`)
	_, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	house.Contains(t, out, `"!mtaa" keeps nothing out: find the package mtaa: no repository has it; did you mean mta-a?`)
	house.Contains(t, house.Read(t, dir, "strata.lock"), `        - ["!mta-a", "!mtaa", mailer]`, "name: mta-b")
	if text := house.Read(t, dir, "strata.lock"); strings.Contains(text, "name: mta-a") {
		t.Errorf("what was kept out is in the lock:\n%s", text)
	}
	house.Replace(t, filepath.Join(dir, "strata.yaml"), `"!mtaa"`, `"!mta-b"`)
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	if status != 2 {
		t.Errorf("strata lock: exit status %d, want 2", status)
	}
	house.Contains(t, out, "strata.yaml:5:15: ", "mailer cannot be installed: mailer needs mta-a | mta, and the build file keeps out mta-a")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), `"!mta-a", "!mta-b"`, `mta-a-`)
	_, out = h.Lock(t, a, dir, "--platform=linux/amd64")
	house.Contains(t, out, "strata.yaml:5:23: ", `find the package mta-a-: no repository has it; did you mean "!mta-a", which keeps it out?`)
}
