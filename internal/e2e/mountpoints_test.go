// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// TestStepsLeaveNoMountPoints builds with the step helper and with scripts. BuildKit leaves
// an empty directory among its temporary files for each file that is mounted by itself,
// as long as it runs.
func TestStepsLeaveNoMountPoints(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": `from: ` + h.base + `
layers:
  - build:
      run: |
        #!/bin/busybox sh
        echo hello > $out/hello
  - build:
      user: app
      run: |
        #!/bin/sh
        echo hello > /tmp/hello
`})
	h.cli.MustRun(t, "build", "--progress=plain", "-o", "type=cacheonly", dir)
	left, err := filepath.Glob(filepath.Join(h.cli.Root, "tmp", "buildkit-mount*"))
	if err != nil || len(left) > 0 {
		t.Errorf("what is left: %v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(h.cli.Root, "tmp")); err != nil {
		t.Errorf("the engine's temporary files aren't where they are looked for: %v", err)
	}
}
