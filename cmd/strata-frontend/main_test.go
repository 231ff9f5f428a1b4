// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxSize is the greatest size of the stripped binary, in bytes. It is half a megabyte above
// what its code needs: what the engine imports would be many of them.
const maxSize = 22_000_000

// banned are the packages of the engine. They are exact paths: much that the
// client side needs has one of them as a prefix.
func banned() []string {
	const buildkit = "github.com/moby/buildkit/"
	names := []string{"github.com/strata-build/strata/internal/engine"}
	for _, name := range []string{
		"cache", "cache/remotecache", "client", "control", "executor/runcexecutor", "frontend/gateway", "snapshot",
		"solver", "solver/llbsolver", "source", "worker", "worker/base", "worker/runc",
	} {
		names = append(names, buildkit+name)
	}
	return names
}

func TestImportsNothingOfTheEngine(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-tags=grpcnotrace", ".").Output()
	if err != nil {
		t.Fatalf("list dependencies: %v", err)
	}
	deps := map[string]bool{}
	for _, dep := range strings.Fields(string(out)) {
		deps[dep] = true
	}
	if !deps["github.com/strata-build/strata/frontend"] {
		t.Fatal("the list of dependencies lacks the frontend itself")
	}
	for _, name := range banned() {
		if deps[name] {
			t.Errorf("the frontend imports %s; see why with: go list -deps -f '{{.ImportPath}}: {{.Imports}}' ./cmd/strata-frontend", name)
		}
	}
}

func TestStaysSmall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "strata-frontend")
	cmd := exec.Command("go", "build", "-tags=grpcnotrace", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the stripped frontend has %.1f MB", float64(info.Size())/1e6)
	if info.Size() > maxSize {
		t.Errorf("the stripped frontend has %d bytes, more than %d", info.Size(), maxSize)
	}
}
