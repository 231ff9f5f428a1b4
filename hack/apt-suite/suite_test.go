// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the test sees into testdata")

// TestMain is the stand-in, too, when a script calls it as apt-get.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == "apt-get" {
		os.Exit(standIn(name, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// TestSuite runs the script of a small checkout with the machine's apt.
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
		if err := os.WriteFile(name, f.Data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	wrong, err := run(&out, dir, regexp.MustCompile("."), true)
	if err != nil {
		t.Fatal(err)
	}
	if wrong != 0 {
		t.Errorf("%d scenarios differ", wrong)
	}
	// Messages of apt and of ours aren't compared, so they don't count.
	got := regexp.MustCompile(`fails \(.*?\)(,|\n)`).ReplaceAllString(out.String(), "fails$1")
	if *update {
		if err := os.WriteFile("testdata/report", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/report")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}

// TestSets asks the machine's apt, too, about a few states that are made up.
func TestSets(t *testing.T) {
	t.Setenv("APT_CONFIG", "") // it is set for each state
	var out strings.Builder
	wrong, err := runSets(&out, 1, 8, true)
	if err != nil {
		t.Fatal(err)
	}
	if wrong != 0 {
		t.Errorf("%d answers differ", wrong)
	}
	for _, some := range []string{": agrees: [\"+", ": fails in both: ", "8 states of seed 1, 48 scenarios, 48 of them asked"} {
		if !strings.Contains(out.String(), some) {
			t.Errorf("there is no %q in\n%s", some, &out)
		}
	}
}

// TestJudge tells answers apart: by their packages, by a tie that ours told of, and by a
// reason.
func TestJudge(t *testing.T) {
	one, two, no := answer{Steps: []string{"+a 1"}}, answer{Steps: []string{"+a 1", "-b"}}, answer{Failed: true, Reason: "no"}
	for _, c := range []struct {
		s    scenario
		want kind
	}{
		{scenario{Apt: one, Ours: one}, agrees},
		{scenario{Apt: one, Ours: two}, differs},
		{scenario{Apt: one, Ours: two, Note: "a is as good as b"}, tie},
		{scenario{Apt: no, Ours: one}, differs},
		{scenario{Apt: one, Ours: no}, differs},
		{scenario{Apt: no, Ours: no}, fails},
		{scenario{Apt: one, Ours: answer{Failed: true, Reason: "keep out the package x"}}, meant},
		{scenario{Apt: one, Ours: two, Apart: "files"}, apart},
	} {
		if c.s.judge(); c.s.Kind != c.want {
			t.Errorf("%s, want kind %d", &c.s, c.want)
		}
	}
}

// TestRefusesDirectories takes nothing for a checkout that is none.
func TestRefusesDirectories(t *testing.T) {
	if _, err := run(&strings.Builder{}, t.TempDir(), regexp.MustCompile("."), false); err == nil {
		t.Error("an empty directory is taken for a checkout of apt")
	}
}
