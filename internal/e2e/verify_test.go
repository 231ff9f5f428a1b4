// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestVerify builds twice, and against what is published.
func TestVerify(t *testing.T) {
	h := newHouse(t)
	same := directory(t, map[string]string{"strata.yaml": `
layers:
  - files: [{dest: /etc/motd, content: hello}]
  - build: {from: "` + h.base + `", run: "echo 1 >$out/made"}
`})
	r := h.cli.Run(t, "verify", "--progress=quiet", same)
	if r.Code != 0 || !strings.Contains(r.Stdout, "linux/amd64: equal") {
		t.Errorf("twice: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}

	ref := h.registry.Host + "/verify:1"
	h.cli.MustRun(t, "build", "--progress=quiet", "--push", "-t", ref, same)
	r = h.cli.Run(t, "verify", "--progress=quiet", "--against", ref, same)
	if r.Code != 0 || !strings.Contains(r.Stdout, "linux/amd64: equal") {
		t.Errorf("against what was pushed: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	write(t, filepath.Join(same, "strata.yaml"), "layers:\n  - files: [{dest: /etc/motd, content: other}]\n")
	r = h.cli.Run(t, "verify", "--progress=quiet", "--against", ref, same)
	if r.Code != 3 || !strings.Contains(r.Stdout, "~ /etc/motd: content") || !strings.Contains(r.Stdout, "- /made (file") {
		t.Errorf("against another: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}

	random := directory(t, map[string]string{"strata.yaml": `
layers:
  - build: {from: "` + h.base + `", run: "cat /proc/sys/kernel/random/uuid >$out/random; echo 1 >$out/same"}
`})
	r = h.cli.Run(t, "verify", "--progress=quiet", random)
	if r.Code != 3 || !strings.Contains(r.Stdout, "    ~ /random: content\n") || strings.Contains(r.Stdout, "/same") {
		t.Errorf("random: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}
