// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestComparisonLinksToTests follows the links of each cell that says what Strata does: to
// a test that is there. What it doesn't do has no link.
func TestComparisonLinksToTests(t *testing.T) {
	const page = "../../docs/comparison.md"
	text, ok := pages(t)[page]
	if !ok {
		t.Fatalf("there is no %s", page)
	}
	link := regexp.MustCompile(`\[[^\]]+\]\(([^)#]+)#(Test[A-Za-z0-9]+)\)`)
	rows := 0
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| ") || len(cells) != 8 || strings.TrimSpace(cells[2]) == "" || strings.Contains(cells[1], "Strata") {
			continue
		}
		rows++
		ours := strings.TrimSpace(cells[1])
		links := link.FindAllStringSubmatch(ours, -1)
		if rest := strings.Trim(link.ReplaceAllString(ours, ""), ", "); rest != "" && ours != "–" || rest == "" && len(links) == 0 {
			t.Errorf("%s: %q is neither – nor links to tests", strings.TrimSpace(cells[0]), ours)
		}
		for _, m := range links {
			data, err := os.ReadFile(filepath.Join(filepath.Dir(page), m[1]))
			if err != nil || !strings.Contains(string(data), "\nfunc "+m[2]+"(") {
				t.Errorf("%s: there is no %s in %s: error %v", strings.TrimSpace(cells[0]), m[2], m[1], err)
			}
		}
		for _, other := range cells[2:] {
			if o := strings.TrimSpace(other); o != "yes" && o != "part" && o != "–" {
				t.Errorf("%s: %q says nothing", strings.TrimSpace(cells[0]), o)
			}
		}
	}
	if rows < 30 {
		t.Errorf("found %d rows", rows)
	}
}
