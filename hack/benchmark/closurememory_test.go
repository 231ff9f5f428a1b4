// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// helperMemory measures the step helper while it unpacks a path of a gigabyte.
func helperMemory(b *testing.B, packed, pack string) {
	dir := testenv.Dir(b)
	script := fmt.Sprintf("set -eu; cd %s; head -c 1G /dev/zero >file; nix-store --dump file >nar; sha256sum nar | cut -c1-64; stat -c %%s nar; %s nar >packed; rm file nar", dir, pack)
	out, err := exec.Command("bash", "-c", script).Output()
	if err != nil {
		b.Fatal(err)
	}
	sum := strings.Fields(string(out))
	item := strings.Join([]string{strings.Repeat("0", 32) + "-big", sum[0], sum[1], packed, filepath.Join(dir, "packed")}, ",")
	var f Figures
	for b.Loop() {
		out := testenv.Dir(b)
		f.Bytes = max(f.Bytes, peak(b, exec.Command(testenv.Binary(b, "strata-step", ""), "store", item, out)))
	}
	record(b, Measure{Name: "memory of the step helper with a path of 1 GB, packed with " + packed, Bytes: 128e6}, f)
}
