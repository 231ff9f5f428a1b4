// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fhs

import (
	"slices"
	"strings"
)

// Merged are the directories of the root that are links into /usr where the two are
// merged.
func Merged() []string {
	return []string{"/bin", "/lib", "/lib32", "/lib64", "/libo32", "/libx32", "/sbin"}
}

// TopMerged is the merged directory that a path is in or is, or is empty.
func TopMerged(p string) string {
	top := p
	if len(p) > 1 {
		if cut := strings.IndexByte(p[1:], '/'); cut >= 0 {
			top = p[:cut+1]
		}
	}
	if slices.Contains(Merged(), top) {
		return top
	}
	return ""
}
