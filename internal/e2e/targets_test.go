// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// several is a build file whose targets share a step that gives another result
// each time it runs.
const several = `
args: {BASE: null}
layers:
  - files: [{dest: /shared, from: target:tool, source: /random}]
targets:
  tool:
    layers:
      - build: {from: $BASE, run: "cat /proc/sys/kernel/random/uuid >$out/random"}
  debug:
    from: target:default
    layers:
      - files: [{dest: /debug, content: "yes"}]
  broken:
    layers:
      - build: {from: $BASE, run: "sleep 1; exit 7"}
`

// TestTargets builds several targets: what they share once, and all or nothing
// of what goes out.
func TestTargets(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": several})
	out := t.TempDir()
	meta := filepath.Join(out, "meta.json")
	h.mustBuild(t, "--progress=quiet", "--no-cache", "--target", "default,debug", "-t", h.registry.Host+"/app:{target}", "--push",
		"-o", "type=local,dest="+out+"/{target}", "--metadata-file", meta, dir)
	var random [2]string
	for i, name := range []string{"default", "debug"} {
		data, err := os.ReadFile(filepath.Join(out, name, "shared"))
		if err != nil {
			t.Fatal(err)
		}
		random[i] = string(data)
	}
	if random[0] != random[1] {
		t.Errorf("the shared step ran twice: %q", random)
	}
	var metadata map[string]map[string]any
	data, err := os.ReadFile(meta)
	if err == nil {
		err = json.Unmarshal(data, &metadata)
	}
	for _, name := range []string{"default", "debug"} {
		if want := h.digest(t, "app:"+name); err != nil || metadata[name]["containerimage.digest"] != want {
			t.Errorf("metadata of %s: %v, %v, want %s", name, metadata[name], err, want)
		}
	}

	h.registry.Reset()
	for _, flags := range [][]string{{"--target", "debug,broken"}, {"--all"}} {
		lost := filepath.Join(t.TempDir(), "never")
		args := append([]string{"--progress=plain", "-t", h.registry.Host + "/never:{target}", "--push", "-o", "type=local,dest=" + lost + "/{target}"}, flags...)
		r := h.build(t, append(args, dir)...)
		if r.Code != 1 || !strings.Contains(r.Stderr, "exit code: 7") {
			t.Errorf("%q: status %d\n%s", flags, r.Code, r.Stderr)
		}
		if _, err := os.Stat(lost); err == nil {
			t.Errorf("%q: a failed build left files", flags)
		}
	}
	for _, r := range h.registry.Requests() {
		if strings.HasPrefix(r.Path, "/v2/never/") {
			t.Errorf("although a target failed: %s %s", r.Method, r.Path)
		}
	}
	r := h.build(t, "--target", "default,debug", "-t", "app:1", dir)
	if r.Code != 2 || !strings.Contains(r.Stderr, "--tag app:1: with several targets it needs {target}") {
		t.Errorf("one name for two: status %d\n%s", r.Code, r.Stderr)
	}
}

// TestTargetsRead shows that targets read together what they all need, and that they are
// built once, by one request, where nothing is exported.
func TestTargetsRead(t *testing.T) {
	h := newHouse(t)
	h.daemon = testenv.Buildkitd(t, testenv.DaemonOptions{}) // a shared one shows what the same steps of other builds load
	dir := directory(t, map[string]string{"strata.yaml": several})
	out := h.mustBuild(t, "--progress=plain", "--target", "default,debug,tool", dir)
	for _, step := range []string{"load build definition from strata.yaml", "load the step helper"} {
		lines := regexp.MustCompile(`(?m)^#[0-9]+ \[internal\] `+regexp.QuoteMeta(step)+`$`).FindAllString(out.Stderr, -1)
		slices.Sort(lines) // one that is shown again has its number again
		if got := len(slices.Compact(lines)); got != 1 {
			t.Errorf("%q is there %d times, want once:\n%s", step, got, out.Stderr)
		}
	}
	records := testenv.Output(t, "buildctl", "--addr", h.daemon.Addr, "debug", "histories", "--format={{.Record.Ref}}")
	if got := len(strings.Fields(records)); got != 1 {
		t.Errorf("the daemon has %d records, want one:\n%s", got, records)
	}
}
