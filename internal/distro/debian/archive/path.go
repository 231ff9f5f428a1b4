// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"slices"
	"strings"
)

// MergedDirs are the directories of the root that are links into /usr where the
// two are merged.
func MergedDirs() []string {
	return []string{"/bin", "/lib", "/lib32", "/lib64", "/libo32", "/libx32", "/sbin"}
}

// UsrPath is where a path as dpkg has it is in a root whose /bin, /lib and so on
// are links into /usr. The links themselves stay where they are: directory tells
// whether p is a directory.
func UsrPath(p string, directory bool) string {
	if top := TopDir(p); top != "" && (p != top || directory) {
		return "/usr" + p
	}
	return p
}

// TopDir is the merged directory that a path is in or is, or is empty.
func TopDir(p string) string {
	top := p
	if len(p) > 1 {
		if cut := strings.IndexByte(p[1:], '/'); cut >= 0 {
			top = p[:cut+1]
		}
	}
	if slices.Contains(MergedDirs(), top) {
		return top
	}
	return ""
}
