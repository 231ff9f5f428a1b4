// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"archive/tar"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestStepsThatFailBefore builds without a lock, so that steps run while packages are
// resolved: one that fails is told of as in the build, at its own line.
func TestStepsThatFailBefore(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "evil", Version: "1"})
	withMembers(t, filepath.Join(a.Dir, "pool/main/evil/evil_1_all.deb"), tar.Header{Name: "./usr/../../etc/passwd"})
	a.Index(t)
	for name, c := range map[string]struct{ command, want string }{
		"a command": {"echo it is made; exit 3", "strata.yaml:5:5: the command did not complete successfully: exit code: 3"},
		"packages":  {"echo it is made", "strata.yaml:6:15: look whether the packages fit the base: unpack packages: exit code: 125; the step's last lines say why"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.OnDebian(t, a, testenv.DebianBase(t), "\n  - build: {run: \""+c.command+"\"}\n  - packages: {names: [evil], REPOSITORIES}\n")
			h.Each(t, func(t *testing.T, w house.Way) {
				out, err := w.Build(house.Flags(dir, "-o", "type=cacheonly")...)
				if err == nil {
					t.Error("it is not an error")
				}
				house.Contains(t, out, c.want, "it is made")
				if last := out[strings.LastIndex(out, "strata.yaml:"):]; strings.Contains(last, "/dev/.strata") {
					t.Errorf("it tells of the step helper:\n%s", last)
				}
			})
		})
	}
}
