// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestNotRoot builds as nobody, who can't have an engine but is told what to do.
func TestNotRoot(t *testing.T) {
	cli := testenv.Strata(t)
	dir := testenv.Dir(t)
	write(t, filepath.Join(dir, "strata.yaml"), helloFile)
	cmd := cli.Command("build", "--progress=quiet", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, _ := cmd.CombinedOutput() // the status is what counts
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "the embedded engine needs root: run the command with sudo, or name a BuildKit daemon with --addr") {
		t.Errorf("exit status %d, want 1 and what to do:\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

// TestNoRuntime builds where neither runc nor crun is installed: files need
// none, a command is told which package to install.
func TestNoRuntime(t *testing.T) {
	h := newHouse(t)
	path := t.TempDir()
	for _, name := range []string{"sh", "mount", "umount"} { // a PATH without runtimes
		found, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(found, filepath.Join(path, name)); err != nil {
			t.Fatal(err)
		}
	}
	h.cli.Env = append(h.cli.Env, "PATH="+path)
	out := t.TempDir()
	h.cli.MustRun(t, "build", "--progress=quiet", "-o", filepath.Join(out, "files"), directory(t, map[string]string{"strata.yaml": helloFile}))
	if got := read(t, filepath.Join(out, "files/hello")); got != "hello" {
		t.Errorf("the file holds %q", got)
	}
	dir := directory(t, map[string]string{"strata.yaml": "args: {BASE: null}\nlayers:\n  - build: {from: $BASE, run: echo x > $out/x}\n"})
	got := h.cli.Run(t, "build", "--progress=quiet", "--build-arg", "BASE="+h.base, dir)
	if got.Code != 1 || !strings.Contains(got.Stderr, "apt-get install runc") || !strings.Contains(got.Stderr, "strata.yaml:3:5:") {
		t.Errorf("exit status %d, want 1, the line and the package to install:\n%s", got.Code, got.Stderr)
	}
}

// TestNoOutput warns that the result goes nowhere.
func TestNoOutput(t *testing.T) {
	h := newHouse(t)
	got := h.mustBuild(t, "--progress=plain", directory(t, map[string]string{"strata.yaml": helloFile}))
	if !strings.Contains(got.Stderr, "WARNING: no output is asked for") {
		t.Errorf("no word about the output:\n%s", got.Stderr)
	}
}
