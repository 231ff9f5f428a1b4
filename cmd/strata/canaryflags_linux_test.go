// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestCanaryFlags gives a canary as the value of each flag that is looked at before a
// daemon is, and as paths.
func TestCanaryFlags(t *testing.T) {
	dir := testenv.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "strata.yaml"), []byte("from: scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{}).Addr
	for _, args := range [][]string{
		{"build", "--addr", canary, dir},
		{"build", "--tag", canary, dir},
		{"build", "--platform", canary, dir},
		{"build", "--allow", canary, dir},
		{"build", "--cache-from", "type=local," + canary, dir},
		{"build", "--cache-to", "type=local,dest=" + canary + ",x", dir},
		{"build", "--output", "type=" + canary, dir},
		{"build", "--secret", "id=" + canary + ",src=" + canary, dir},
		{"build", "--ssh", canary + "=" + canary, dir},
		{"build", "--policy", "filename=" + canary, dir},
		{"build", "--build-context", canary + "=" + canary, dir},
		{"build", "--attest", "type=" + canary, dir},
		{"build", "--tlscacert", canary, "--addr", "tcp://127.0.0.1:1", dir},
		{"build", "--progress", canary, dir},
		{"build", "--call", canary, dir},
		{"build", "-f", canary, dir},
		{"build", filepath.Join(dir, canary)},
		{"build", "--addr", daemon, "https://127.0.0.1:1/" + canary},
		{"check", filepath.Join(dir, canary)},
		{"lock", "--update", canary, filepath.Join(dir, canary)},
		{"verify", "--against", canary, filepath.Join(dir, canary)},
		{"targets", filepath.Join(dir, canary)},
		{"init", "--template", canary},
		{"init", "-f", canary},
		{"init", filepath.Join(dir, canary)},
		{"copy", "oci:" + canary, "oci:" + canary},
		{"export", "oci:" + canary, "-o", "type=" + canary},
		{"index", "create", canary, canary},
		{"inspect", "--authfile", canary, "127.0.0.1:1/x"},
		{"completion", canary},
		{"schema", canary},
		{"version", canary},
	} {
		status, out, stderr := command(t, args...)
		if status == 0 && args[0] != "completion" || out+stderr == "" {
			t.Errorf("%q: status %d, and it prints %q", args, status, out+stderr)
		}
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) { checkCanary(t, out+stderr) })
	}
}

// TestCanaryProjects begins build files for projects whose files a stranger wrote.
func TestCanaryProjects(t *testing.T) {
	const raw = "x\x1b[2J\u009b2J\u202e\rX"
	for name, text := range map[string]string{
		"Dockerfile":       "FROM scratch AS " + raw + "\nLABEL a=\"" + raw + "\"\nRUN echo " + raw + "\nONBUILD RUN " + raw + "\n",
		"Containerfile":    "FROM scratch\n" + raw + "\n",
		"package.json":     `{"name":"CANARY","main":"CANARY","scripts":{"build":"CANARY","start":"CANARY"},"engines":{"node":"CANARY"},"packageManager":"CANARY"}`,
		"go.mod":           "module " + raw + "\ngo " + raw + "\n",
		"Cargo.toml":       "[package]\nname = \"" + canaryYAML + "\"\nversion = \"" + raw + "\"\n",
		"pyproject.toml":   "[project]\nname = \"" + raw + "\"\nrequires-python = \"" + raw + "\"\n",
		"requirements.txt": raw + "\n",
		"Gemfile":          "ruby '" + raw + "'\n",
		"deno.json":        `{"tasks":{"start":"CANARY"}}`,
	} {
		dir := filepath.Join(testenv.Dir(t), "x\x1b[2J\u202e\rX")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, "CANARY", `x\u001b[2J\u009b2J\u202e\rX\nFORGED line`)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, out, stderr := command(t, "init", "-o", "-", dir)
		if out+stderr == "" {
			t.Errorf("%s: nothing is printed", name)
		}
		t.Run(name, func(t *testing.T) { checkCanary(t, out+stderr) })
	}
}
