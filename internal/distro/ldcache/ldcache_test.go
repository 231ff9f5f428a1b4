// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package ldcache

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSameAsLdconfigs lets the machine's ldconfig print a cache of ours and one of
// its own, of the machine's libraries.
func TestSameAsLdconfigs(t *testing.T) {
	const ldconfig = "/sbin/ldconfig"
	dir := t.TempDir()
	want, got := filepath.Join(dir, "want"), filepath.Join(dir, "got")
	if out, err := exec.Command(ldconfig, "-X", "-C", want).CombinedOutput(); err != nil {
		t.Fatalf("ldconfig: %v\n%s", err, out)
	}
	data, err := Make("/")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(got, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed(t, ldconfig, want), printed(t, ldconfig, got)); diff != "" {
		t.Errorf("ldconfig reads our cache otherwise (-ldconfig +ours):\n%s", diff)
	}
}

// printed is a cache in words, without the line about who made it.
func printed(t *testing.T, ldconfig, cache string) []string {
	t.Helper()
	out, err := exec.Command(ldconfig, "-p", "-C", cache).Output()
	if err != nil {
		t.Fatalf("ldconfig: %v", err)
	}
	var lines []string
	for line := range strings.SplitSeq(string(out), "\n") {
		if len(line) > 0 && line[0] == '\t' {
			lines = append(lines, line)
		}
	}
	if len(lines) < 10 {
		t.Fatalf("ldconfig prints %q", out)
	}
	return lines
}

func TestNamesAreOrderedByNumber(t *testing.T) {
	names := []string{"liba.so", "liba.so.2", "liba.so.10", "libb.so", "liba1.so"}
	slices.SortFunc(names, compareNames)
	if diff := cmp.Diff([]string{"liba.so", "liba.so.2", "liba.so.10", "liba1.so", "libb.so"}, names); diff != "" {
		t.Errorf("unexpected order (-want +got):\n%s", diff)
	}
}
