// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import "github.com/strata-build/strata/internal/fhs"

// RootLinks are those of the merged directories that every image on scratch has as links,
// and where they lead.
func RootLinks() map[string]string {
	return map[string]string{"/bin": "usr/bin", "/lib": "usr/lib", "/sbin": "usr/sbin"}
}

// UsrPath is where a path as dpkg has it is in a root whose /bin, /lib and so on
// are links into /usr. The links themselves stay where they are: directory tells
// whether p is a directory.
func UsrPath(p string, directory bool) string {
	if top := fhs.TopMerged(p); top != "" && (p != top || directory) {
		return "/usr" + p
	}
	return p
}
