// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program returns the path of a program that tests need, from .cache/bin or
// PATH.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := findProgram(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func findProgram(name string) (string, error) {
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	built := filepath.Join(root, ".cache", "bin", name)
	if _, err := os.Stat(built); err == nil {
		return built, nil
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	// A user's PATH often lacks the directory of the daemons.
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find program %s: %w: run hack/install", name, err)
}

// Root returns the top directory of the module.
func Root(t testing.TB) string {
	t.Helper()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("find module: no go.mod above the working directory")
		}
		dir = up
	}
}

// Output runs a program from [Program] and returns what it prints; it ends the
// test if the program fails.
func Output(t testing.TB, name string, args ...string) string {
	t.Helper()
	return output(t, command(t, name, args...))
}

func command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.Command(Program(t, name), args...)
}

func output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, stderr.String())
	}
	return string(out)
}
