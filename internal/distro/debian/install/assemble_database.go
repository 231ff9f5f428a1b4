// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// database writes dpkg's.
func (a *assembler) database() error {
	sorted := slices.Clone(a.packages)
	slices.SortFunc(sorted, func(x, y *Package) int { return strings.Compare(x.Info, y.Info) })
	var b strings.Builder
	for _, p := range sorted {
		b.WriteString(inOrder(p.stanza("installed")).String() + "\n")
	}
	for name, text := range map[string]string{
		statusFile: b.String(), adminDir + "/info/format": "1\n", adminDir + "/available": "",
	} {
		if err := a.root.Write(name, text, 0o644); err != nil {
			return err
		}
	}
	for _, dir := range []string{"updates", "triggers", "parts", "alternatives"} {
		if err := os.MkdirAll(a.root.At(adminDir+"/"+dir), 0o755); err != nil {
			return fmt.Errorf("write the database: %w", err)
		}
	}
	t := &triggers{named: map[string][]string{}}
	for _, p := range a.packages {
		t.interests(p)
	}
	return t.writeInterests(string(a.root))
}

// fieldOrder is that in which dpkg writes the fields of its database.
func fieldOrder() []string {
	return []string{
		"Package", "Essential", "Protected", "Status", "Priority", "Section", "Installed-Size", "Origin", "Maintainer", "Bugs",
		"Architecture", "Multi-Arch", "Source", "Version", "Config-Version", "Replaces", "Provides", "Depends", "Pre-Depends",
		"Recommends", "Suggests", "Breaks", "Conflicts", "Enhances", "Conffiles", "Description",
	}
}

// inOrder is a paragraph with its fields in dpkg's order; others come last.
func inOrder(p control.Paragraph) control.Paragraph {
	rank := func(f control.Field) int {
		if i := slices.IndexFunc(fieldOrder(), func(name string) bool { return strings.EqualFold(name, f.Name) }); i >= 0 {
			return i
		}
		return len(fieldOrder())
	}
	out := slices.Clone(p)
	slices.SortStableFunc(out, func(a, b control.Field) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}
