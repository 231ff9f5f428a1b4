// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package deb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrPath is in every error about a name that no file of a package may have.
var ErrPath = errors.New("a package can't have a file of that name")

// CleanPath is a name in a package's tar archive as dpkg's database has it:
// /usr/bin/jq for ./usr/bin/jq, and / for the root. What leads out of the root
// and what a layer or the database can't hold is an error.
func CleanPath(name string) (string, error) {
	refuse := func(why string) (string, error) { return "", fmt.Errorf("%w: %q %s", ErrPath, name, why) }
	rest := strings.TrimSuffix(name, "/")
	switch {
	case name == "":
		return refuse("is empty")
	case strings.ContainsAny(name, "\n\x00"):
		return refuse("has a newline or a zero byte")
	case name[0] == '/':
		return refuse("is absolute")
	case len(name) > 4096:
		return refuse("is too long")
	case rest == "" || rest == ".":
		return "/", nil
	}
	rest = strings.TrimPrefix(rest, "./")
	for part := range strings.SplitSeq(rest, "/") {
		switch {
		case part == "..":
			return refuse("leads out of the root")
		case part == "." || part == "":
			return refuse("isn't in its shortest form")
		case strings.HasPrefix(part, ".wh."):
			return refuse("would be a deletion in an image's layer")
		}
	}
	return "/" + rest, nil
}

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
