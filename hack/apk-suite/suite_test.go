// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the test sees into testdata")

// TestSuite runs the tests of a small checkout.
func TestSuite(t *testing.T) {
	a, err := txtar.ParseFile("testdata/checkout.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got strings.Builder
	s := &suite{out: &got, verbose: true}
	if err := s.runTests(dir); err != nil {
		t.Fatal(err)
	}
	if s.wrong != 2 {
		t.Errorf("%d are wrong, want the version and the test that are meant to be", s.wrong)
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

// TestRefusesTests names the line of a test that can't be read, and a directory
// without tests.
func TestRefusesTests(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "odd.test")
	for _, text := range []string{"@ARGS add a\n@WHAT b\n@EXPECT\n", "@ARGS add a\n", "@EXPECT\n", "@ARGS add a\n@REPO gone\n@EXPECT\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readQuestion(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: %v, want an error with the file's name", text, err)
		}
	}
	if err := (&suite{}).runTests(dir); err == nil {
		t.Error("a directory without tests is taken for a checkout")
	}
}

// TestSets answers questions that are made up, without apk: no answer is refused by the
// check of the whole system.
func TestSets(t *testing.T) {
	found, failed := 0, 0
	for n := range uint64(300) {
		q := generate(1, n)
		a, note, err := q.ours()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(note, "check the resolved packages") {
			t.Errorf("%s, %q: %s", q.name, q.args, note)
		}
		if a.failed {
			failed++
		} else if len(a.steps) > 0 {
			found++
		}
	}
	if found < 60 || failed < 60 {
		t.Errorf("%d sets have an answer and %d have none: they ask too little", found, failed)
	}
}
