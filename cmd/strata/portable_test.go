// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestHasNoEngineElsewhere shows that where there is no Linux kernel the command
// line brings nothing of BuildKit's daemon along.
func TestHasNoEngineElsewhere(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}{{with .Error}} {{.}}{{end}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("list dependencies for %s: %v\n%s", system, err, out)
		}
		deps := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(deps) < 100 {
			t.Fatalf("%s: the list of dependencies is too short: %v", system, deps)
		}
		for _, dep := range deps {
			switch dep {
			case "github.com/moby/buildkit/control", "github.com/moby/buildkit/worker/base", "github.com/moby/buildkit/worker/runc",
				"github.com/moby/buildkit/solver/llbsolver", "github.com/moby/buildkit/executor/runcexecutor":
				t.Errorf("for %s the command line imports %s", system, dep)
			}
		}
	}
}
