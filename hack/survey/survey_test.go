// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the test sees into testdata")

// TestSurvey counts in a module that has two of everything, in a tree of the same
// form as ours.
func TestSurvey(t *testing.T) {
	code, err := load(unpack(t, "testdata/module.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if report(&got, survey(code), true) {
		t.Error("the module is within all limits")
	}
	if *update {
		if err := os.WriteFile("testdata/report", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/report")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the report is\n%s\nwant\n%s", got.String(), want)
	}
}

// TestWithinLimits reports what is exactly at its limit, and what has none.
func TestWithinLimits(t *testing.T) {
	var got strings.Builder
	if !report(&got, []count{listed("bodies", 1, []string{"a.go:1 a"}), {what: "lines", n: 9, most: unlimited}}, false) {
		t.Error("a count at its limit is over it")
	}
	if strings.Contains(got.String(), "a.go") || !strings.HasSuffix(got.String(), "survey: all 2 counts are within their limits\n") {
		t.Errorf("the report is\n%s", got.String())
	}
}

func TestWordsOfIdentifiers(t *testing.T) {
	for name, want := range map[string]string{
		"APKInfo": "[apk info]", "unpackAPKs": "[unpack apks]", "unpackDeb": "[unpack deb]", "debug": "[debug]", "x": "[x]", "DEB": "[deb]",
	} {
		if got := fmt.Sprint(camel(name)); got != want {
			t.Errorf("the words of %s are %s, want %s", name, got, want)
		}
	}
}

// TestBroken doesn't count in what doesn't compile.
func TestBroken(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/m\n\ngo 1.25\n", "m.go": "package m\n\nvar x = y\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := load(dir); err == nil || !strings.Contains(err.Error(), "undefined: y") {
		t.Errorf("a module that doesn't compile: %v", err)
	}
}

// unpack writes an archive's files into a directory.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
