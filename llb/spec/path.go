// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// CleanDest makes the path of something in the image canonical. It has to be
// absolute and to stay below the root. A path that ends in a slash still does
// so: it means a directory.
func CleanDest(dest string) (string, error) {
	if err := checkPath(dest); err != nil {
		return "", err
	}
	if !strings.HasPrefix(dest, "/") {
		return "", fmt.Errorf("the path %.80q has to be absolute; write %.80q", dest, path.Clean("/"+dest))
	}
	if escapes(dest) {
		return "", fmt.Errorf("the path %.80q leaves the root", dest)
	}
	clean := path.Clean(dest)
	if clean != "/" && namesDir(dest) {
		clean += "/"
	}
	return clean, nil
}

// CleanSource makes the path of something in a context canonical: relative, and
// "." for the whole context. A leading slash means the context's root.
func CleanSource(source string) (string, error) {
	if err := checkPath(source); err != nil {
		return "", err
	}
	if escapes(source) {
		return "", fmt.Errorf("the path %.80q leaves its context; only what is below it can be used", source)
	}
	clean := strings.TrimPrefix(path.Clean("/"+source), "/")
	if clean == "" {
		return ".", nil
	}
	return clean, nil
}

func checkPath(p string) error {
	switch {
	case p == "":
		return errors.New("the path is empty")
	case strings.ContainsRune(p, 0):
		return fmt.Errorf("the path %.80q has a NUL character", p)
	case !utf8.ValidString(p):
		return fmt.Errorf("the path %.80q is not UTF-8", p)
	}
	return nil
}

// escapes reports whether a path goes above where it starts at any step.
func escapes(p string) bool {
	depth := 0
	for name := range strings.SplitSeq(p, "/") {
		switch name {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// namesDir reports whether a path can only be a directory's.
func namesDir(p string) bool {
	last := p[strings.LastIndex(p, "/")+1:]
	return last == "" || last == "." || last == ".."
}

// HasGlob reports whether a path can only be meant as a pattern. One with a [ may be
// a name.
func HasGlob(p string) bool {
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?':
			return true
		case '\\':
			i++
		}
	}
	return false
}

func checkAbsolute(p string) error {
	_, err := CleanDest(p)
	return err
}
