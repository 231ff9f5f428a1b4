// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPath is in every error about a name that no file of a package may have.
var ErrPath = errors.New("a package can't have a file of that name")

// CleanPath is a name in a package's tar archive as a path of the
// root: /usr/bin/jq for ./usr/bin/jq, and / for the root. What leads out of the root
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
