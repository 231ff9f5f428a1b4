// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// twoPlatforms is a build file whose command shows which machine it ran on.
const twoPlatforms = `args: {BASE: null}
from: $BASE
layers:
  - files: [{dest: /etc/greeting, content: "hello\n"}]
  - build: {run: "uname -m > $out/machine"}
config: {cmd: [cat, /machine]}
tests: [{name: greets, run: cat /etc/greeting, expect: {stdout: {equals: "hello\n"}}}]
`

// TestRemoteBuilder builds on a builder by its name, by the variable, and as the current
// one, with what a build and the other verbs do.
func TestRemoteBuilder(t *testing.T) {
	d := newDesk(t)
	dir := directory(t, map[string]string{"strata.yaml": twoPlatforms})
	ref := d.registry.Host + "/remote/app:"
	plain := d.mustBuild(t, dir, "--addr", testenv.Shared(t).Addr, "-t", ref+"addr", "--push", "--quiet").Stdout
	named := d.mustBuild(t, dir, "--builder", "strata", "-t", ref+"named", "--push", "--quiet").Stdout
	current := d.mustBuild(t, dir, "--builder=", "-t", ref+"current", "--push", "--quiet").Stdout
	if named != plain || current != plain {
		t.Errorf("the builder makes %s, the current one %s, the daemon %s", named, current, plain)
	}
	if a, b := d.digest(t, "remote/app:addr"), d.digest(t, "remote/app:named"); a != b {
		t.Errorf("the daemon pushes %s, the builder %s", a, b)
	}
	byVariable := *d.cli
	byVariable.Env = append(byVariable.Env, "BUILDX_BUILDER=strata")
	for _, args := range [][]string{
		{"test", "--progress=quiet", "--build-arg", "BASE=" + d.base, dir},
		{"check", "--progress=quiet", "--build-arg", "BASE=" + d.base, dir},
		{"plan", "--progress=quiet", "--build-arg", "BASE=" + d.base, dir},
		{"lock", "--progress=quiet", "--build-arg", "BASE=" + d.base, dir},
		{"du"},
	} {
		byVariable.MustRun(t, args...)
	}
	if _, err := filepath.Glob(filepath.Join(byVariable.Root, "engine.log")); err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(byVariable.Root); len(found) > 0 {
		t.Error("the embedded engine was started beside the builder")
	}
}

// TestNoSuchBuilder names the builders that there are, and says what buildx says of one
// that doesn't answer.
func TestNoSuchBuilder(t *testing.T) {
	d := newDesk(t)
	d.docker(t, "buildx", "create", "--name", "another", "--driver", "remote", "unix:///nowhere.sock")
	d.cli.Env = append(d.cli.Env, "DOCKER_HOST=unix:///nowhere.sock")
	dir := directory(t, map[string]string{"strata.yaml": "layers: []\n"})
	for builder, want := range map[string][]string{
		"strato":  {`the builder "strato" of docker buildx does not answer: no builder "strato" found`, "there is", "strata", "another", "default", `did you mean "strata"?`},
		"default": {`the builder "default" of docker buildx does not answer`, "/nowhere.sock", `"docker buildx inspect default" says more`},
	} {
		got := d.cli.Run(t, "build", "--builder", builder, dir)
		if got.Code != 1 {
			t.Errorf("--builder %s: exit status %d, want 1", builder, got.Code)
		}
		for _, part := range want {
			if !strings.Contains(got.Stderr, part) {
				t.Errorf("--builder %s does not say %q:\n%s", builder, part, got.Stderr)
			}
		}
	}
	if got := d.cli.Run(t, "build", "--builder", "strata", "--addr", "unix:///x", dir); got.Code != 2 || !strings.Contains(got.Stderr, "--builder") {
		t.Errorf("--builder beside --addr: exit status %d\n%s", got.Code, got.Stderr)
	}
	without := *d.cli
	without.Env = append(without.Env, "PATH=/nonexistent")
	if got := without.Run(t, "build", "--builder", "strata", dir); got.Code != 1 || !strings.Contains(got.Stderr, "neither docker nor buildx is in PATH") {
		t.Errorf("without docker: exit status %d\n%s", got.Code, got.Stderr)
	}
}
