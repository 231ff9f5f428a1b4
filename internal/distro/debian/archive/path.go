// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"slices"
	"strings"
)

// MergedFolders are the folders of the root that are links into /usr where the
// two are merged.
func MergedFolders() []string {
	return []string{"/bin", "/lib", "/lib32", "/lib64", "/libo32", "/libx32", "/sbin"}
}

// UsrPath is where a path as dpkg has it is in a root whose /bin, /lib and so on
// are links into /usr. The links themselves stay where they are: folder tells
// whether p is a folder.
func UsrPath(p string, folder bool) string {
	if top := TopFolder(p); top != "" && (p != top || folder) {
		return "/usr" + p
	}
	return p
}

// TopFolder is the merged folder that a path is in or is, or is empty.
func TopFolder(p string) string {
	top := p
	if len(p) > 1 {
		if cut := strings.IndexByte(p[1:], '/'); cut >= 0 {
			top = p[:cut+1]
		}
	}
	if slices.Contains(MergedFolders(), top) {
		return top
	}
	return ""
}
