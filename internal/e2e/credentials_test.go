// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

const helloFile = "layers:\n  - files: [{dest: /hello, content: hello}]\n"

// TestCredentials pushes to a registry that wants a password, from a folder of
// its own for each way to know it.
func TestCredentials(t *testing.T) {
	registry := testenv.NewRegistry(t, testenv.RegistryOptions{User: "someone", Password: "open sesame"})
	daemon := testenv.Shared(t)
	dir := folder(t, map[string]string{"strata.yaml": helloFile})
	push := func(t *testing.T, cli *testenv.CLI, tag string) testenv.Result {
		return cli.Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "--push", "-t", registry.Host+"/private:"+tag, dir)
	}
	t.Run("none", func(t *testing.T) {
		got := push(t, testenv.Strata(t), "none")
		if got.Code != 1 || !strings.Contains(got.Stderr, "401 Unauthorized") {
			t.Errorf("exit status %d, want 1 and why:\n%s", got.Code, got.Stderr)
		}
	})
	t.Run("wrong", func(t *testing.T) {
		cli := testenv.Strata(t)
		withHelper(t, cli, registry.Host, "guess")
		got := push(t, cli, "wrong")
		if got.Code != 1 || !strings.Contains(got.Stderr, "401 Unauthorized") {
			t.Errorf("exit status %d, want 1 and the registry's answer:\n%s", got.Code, got.Stderr)
		}
	})
	t.Run("docker config", func(t *testing.T) {
		if got := push(t, testenv.Strata(t, registry), "config"); got.Code != 0 {
			t.Fatalf("exit status %d:\n%s", got.Code, got.Stderr)
		}
		registry.Descriptor(t, "private:config")
	})
	t.Run("helper", func(t *testing.T) {
		cli := testenv.Strata(t)
		withHelper(t, cli, registry.Host, "open sesame")
		if got := push(t, cli, "helper"); got.Code != 0 {
			t.Fatalf("exit status %d:\n%s", got.Code, got.Stderr)
		}
		registry.Descriptor(t, "private:helper")
	})
	t.Run("embedded engine", func(t *testing.T) {
		cli := testenv.Strata(t, registry)
		cli.MustRun(t, "build", "--progress=quiet", "--push", "-t", registry.Host+"/private:engine", dir)
		registry.Descriptor(t, "private:engine")
	})
}

// withHelper gives a command line a credential helper that knows one registry.
func withHelper(t *testing.T, cli *testenv.CLI, host, password string) {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nread server\n"+
		"case $1,$server in get,%s) echo '{\"ServerURL\":\"%s\",\"Username\":\"someone\",\"Secret\":\"%s\"}';;\n"+
		"*) echo credentials not found in native keychain; exit 1;; esac\n", host, host, password)
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-test"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"credHelpers": {%q: "test"}}`, host))
	cli.Env = append(cli.Env, "DOCKER_CONFIG="+dir, "PATH="+dir+":"+os.Getenv("PATH"))
}
