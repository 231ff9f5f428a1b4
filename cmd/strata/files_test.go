// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// TestFiles checks that each verb is a file of this directory, and that the others but
// the two of the command itself are named after a verb: what verbs share is in internal.
func TestFiles(t *testing.T) {
	want := []string{"main.go", "root.go"}
	for _, verb := range verbs(cli.Terminal{Env: func(string) (string, bool) { return "", false }}) {
		want = append(want, verb.Name()+".go")
		for _, sub := range verb.Commands() {
			want = append(want, verb.Name()+sub.Name()+".go")
		}
	}
	got, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	got = slices.DeleteFunc(got, func(name string) bool {
		part := slices.ContainsFunc(want[2:], func(verb string) bool { return strings.HasPrefix(name, strings.TrimSuffix(verb, ".go")) })
		return strings.HasSuffix(name, "_test.go") || part && !slices.Contains(want, name)
	})
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
