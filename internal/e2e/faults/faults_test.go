// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package faults shows what is said about build files that can't be built, through all
// doors.
package faults

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func TestMain(m *testing.M) { testenv.Main(m) }

// TestErrors builds what can't be built through all three doors. The command
// line says the same with a daemon and with its own engine; buildx says the same
// words and marks the same line.
func TestErrors(t *testing.T) {
	h := house.New(t)
	files := testenv.FileServer(t, map[string][]byte{"/tool": []byte("not what was promised")})
	hide := strings.NewReplacer(files.URL, "http://FILES", h.Registry.Host, "REGISTRY")
	for _, a := range testenv.Archives(t, "errors") {
		t.Run(a.Name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range a.Files("flags", "want") {
				house.Write(t, filepath.Join(dir, name), []byte(text))
			}
			args := append([]string{"--progress=quiet", "--build-arg", "FILES=" + files.URL}, strings.Fields(a.Section("flags"))...)
			for door, got := range map[string]testenv.Result{
				"daemon":          h.CLI.Run(t, append([]string{"build", "--addr", h.Daemon.Addr, "--build-arg", "BASE=" + h.Base}, append(args, dir)...)...),
				"embedded engine": h.CLI.Run(t, append([]string{"build", "--build-arg", "BASE=" + h.Base}, append(args, dir)...)...),
			} {
				t.Log(door)
				a.Expect(t, "want", fmt.Sprintf("exit status %d\n%s", got.Code, hide.Replace(got.Stderr+got.Stdout)), *update)
			}
			text := strings.Replace(a.Section("strata.yaml"), "# syntax=\n", "# syntax="+h.Frontend+"\n", 1)
			if text == a.Section("strata.yaml") {
				t.Fatal("the build file has no line for the frontend")
			}
			house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(text))
			out, err := h.Buildx.Build(append(append(args[1:], "--build-arg", "BASE="+h.Base, "-f", filepath.Join(dir, "strata.yaml")), dir)...)
			if err == nil {
				t.Fatalf("buildx succeeded:\n%s", out)
			}
			expectSame(t, a.Section("want"), hide.Replace(out))
		})
	}
}

// expectSame looks for the words and the line of the command line's error in
// what buildx prints.
func expectSame(t *testing.T, want, got string) {
	t.Helper()
	for line := range strings.SplitSeq(want, "\n") {
		if words, ok := strings.CutPrefix(line, "strata: "); ok {
			line = strings.TrimPrefix(words, "failed to solve: ")
		} else if _, marked, ok := strings.Cut(line, ">>>"); ok {
			line = ">>>" + marked
		} else if marked, ok := strings.CutPrefix(line, "> "); ok {
			_, marked, _ = strings.Cut(marked, "| ")
			line = ">>> " + marked
		} else {
			continue
		}
		if !strings.Contains(got, line) {
			t.Errorf("buildx does not say %q but:\n%s", line, got)
		}
	}
}
