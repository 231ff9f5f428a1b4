// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocsLinks follows the links of each page to files and to heads of pages.
func TestDocsLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for page, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to, head, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			target := page
			if to != "" {
				target = filepath.Join(filepath.Dir(page), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", page, err)
			}
			if strings.HasSuffix(target, ".md") && head != "" && !slices.Contains(heads(t, target), head) {
				t.Errorf("%s: there is no head %s in %s", page, head, target)
			}
		}
	}
}

// heads are the names that heads of a page have in addresses.
func heads(t *testing.T, page string) []string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$|<a id="([^"]+)">`).FindAllStringSubmatch(string(data), -1) {
		name := strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
		names = append(names, regexp.MustCompile(`[^\pL\pN_-]`).ReplaceAllString(name, "")+m[2])
	}
	return names
}

// TestTrapsAreHandled looks for the files and the names that docs/traps.md has.
func TestTrapsAreHandled(t *testing.T) {
	found := 0
	for _, m := range regexp.MustCompile("`([a-z/_]+/[a-z_]+\\.go)`(?: `([A-Za-z]+)`)?").FindAllStringSubmatch(pages(t)["../../docs/traps.md"], -1) {
		found++
		data, err := os.ReadFile("../../" + m[1])
		if err != nil {
			t.Error(err)
		}
		if !regexp.MustCompile(`\b` + m[2]).Match(data) {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
	if found < 15 {
		t.Errorf("found %d files", found)
	}
}
