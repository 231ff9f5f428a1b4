// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// A Package is what of a package decides whether a text is one that is known.
type Package struct {
	Name, Version, Architecture string
}

// isOf reports whether the entry is of a package of that name.
func (q Quirk) isOf(name string) bool {
	before, after, any := strings.Cut(q.Package, "3.N")
	if !any {
		return name == q.Package
	}
	minor, ok := strings.CutPrefix(name, before+"3.")
	minor, end := strings.CutSuffix(minor, after)
	return ok && end && minor != "" && strings.Trim(minor, "0123456789") == ""
}

// Matches reports whether a package's file is one of which the entry is true.
func (q Quirk) Matches(p Package, text string) bool {
	if !q.isOf(p.Name) {
		return false
	}
	for _, part := range q.Texts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	if len(q.Seen) == 0 {
		return len(q.Texts) > 0
	}
	sum := sha256.Sum256([]byte(q.plain(p, text)))
	return slices.ContainsFunc(q.Seen, func(v Version) bool { return v.SHA256 == hex.EncodeToString(sum[:]) })
}

// plain is the text without what is different in each version of the package.
func (q Quirk) plain(p Package, text string) string {
	var pairs []string
	if p.Version != "" {
		pairs = append(pairs, p.Version, "VERSION")
	}
	if name, _, _ := strings.Cut(p.Name, "-"); q.Package != p.Name {
		pairs = append(pairs, name, "python3.N")
	}
	if p.Architecture != "" {
		pairs = append(pairs, ":"+p.Architecture, ":ARCH")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// OnlyCompiles reports whether a package's postinst is known to compile Python, and
// to do nothing else.
func OnlyCompiles(p Package, postinst string) bool {
	return of("python3.N", "postinst").Matches(p, postinst) || of("python3.N-minimal", "postinst").Matches(p, postinst)
}
