// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"strings"
	"testing"
)

// repeated is what make gives for each number, as one text.
func repeated(n int, text func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(text(i))
	}
	return b.String()
}

// TestLargeTextsAreReadOnce reads texts that would take minutes if anything were
// compared with all before it.
func TestLargeTextsAreReadOnce(t *testing.T) {
	fields := repeated(900, func(i int) string { return fmt.Sprintf("%s%d: y\n", strings.Repeat("x", 20_000), i) })
	for name, text := range map[string]string{
		"architectures": "Architectures: " + strings.Repeat("all ", 4_000_000) + "\n" + fields + "No-Support-for-Architecture-all: Packages\nSHA256:\n",
		"files":         "SHA256:\n" + repeated(200_000, func(i int) string { return fmt.Sprintf(" %064x 1 a%d\n", i, i) }),
		"lines":         "Origin: x\n" + strings.Repeat(" .\n", 5_000_000) + "SHA256:\n",
	} {
		if _, err := ReadRelease([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	versions := repeated(300_000, func(i int) string { return fmt.Sprintf("Package: a\nVersion: %d\nArchitecture: all\n\n", i) })
	x, err := ReadIndex(strings.NewReader(versions), Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range x.Named("a") {
		n++
	}
	if n != 300_000 {
		t.Errorf("there are %d versions", n)
	}
}

func TestIndexesAreBounded(t *testing.T) {
	many := repeated(maxRecords+1, func(int) string { return "Package: a\nVersion: 1\nArchitecture: all\n\n" })
	if _, err := ReadIndex(strings.NewReader(many), Options{}); err == nil || !strings.Contains(err.Error(), "more than 1048576 packages") {
		t.Errorf("%d packages: %v", maxRecords+1, err)
	}
}
