// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Machine is what images are given that have this machine's tools in them: where it gets
// modules and packages from is read when a test runs.
type Machine struct {
	// GOPROXY and NPMRegistry are addresses.
	GOPROXY, NPMRegistry string
	// GOROOT is the directory of Go.
	GOROOT string
	// Dir has the certificates that the machine trusts, ca-certificates.crt, and npm
	// itself, npm.tgz.
	Dir string
}

// ThisMachine reads them, and makes the directory.
func ThisMachine(t testing.TB, dir string) Machine {
	t.Helper()
	m := Machine{GOPROXY: word(t, "go", "env", "GOPROXY"), NPMRegistry: word(t, "npm", "config", "get", "registry"), GOROOT: word(t, "go", "env", "GOROOT"), Dir: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.Dir, "ca-certificates.crt"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(m.Dir, word(t, "npm", "pack", "npm@10.9.2", "--silent", "--pack-destination", m.Dir))
	if err := os.Rename(packed, filepath.Join(m.Dir, "npm.tgz")); err != nil {
		t.Fatal(err)
	}
	return m
}

// word is what a program of this machine prints.
func word(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return strings.TrimSpace(string(out))
}
