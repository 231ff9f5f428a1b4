// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// check refuses what no index would be found at, and returns the date.
func (r *repository) check() (date time.Time, err error) {
	for i, uri := range r.URIs {
		if err := checkAddress(uri); err != nil {
			return date, in(fmt.Errorf("%q: %w", uri, err), "uris", i)
		}
	}
	for _, part := range append([]string{r.Suite}, r.Components...) {
		if strings.ContainsAny(part, "?#\\ :") || strings.Contains("/"+part+"/", "/../") {
			return date, fmt.Errorf("%q is not a part of a repository", part)
		}
	}
	if r.Date == "" {
		return date, nil
	}
	if date, err = time.Parse(time.RFC3339, r.Date); err != nil {
		return date, in(fmt.Errorf("date %q is not a time, such as 2006-01-02T15:04:05Z", r.Date), "date")
	}
	return date.UTC(), nil
}

// check refuses what isn't the path of a file in an image.
func (n conffileNode) check() error {
	for name, files := range n {
		for _, file := range files {
			if !path.IsAbs(file) || path.Clean(file) != file {
				return fmt.Errorf("%q of %s is not the path of a file", file, name)
			}
		}
	}
	return nil
}

// isWord reports whether a text can be a part of a package's file name.
func isWord(s string) bool {
	return s != "" && !strings.ContainsAny(s, " /\\?#") && s != "." && s != ".."
}

// isBase reports whether a text is a name in a directory.
func isBase(s string) bool { return s != "" && s != "." && s != ".." && !strings.Contains(s, "/") }

func checkURL(url string) error {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return fmt.Errorf("url %q is not an http or https address", url)
	}
	return nil
}

// checkRepository refuses what git would not take for the address of a repository, or
// for a file of the daemon.
func checkRepository(address string) error {
	scheme, _, has := strings.Cut(address, "://")
	switch {
	case address == "":
		return errors.New("it has no address")
	case has && scheme != "https" && scheme != "http" && scheme != "ssh" && scheme != "git":
		return fmt.Errorf("%s is not a scheme of repositories", scheme)
	case !has && (!strings.Contains(address, ":") || strings.Contains(address, "::")), strings.HasPrefix(address, "-"), strings.ContainsAny(address, " "):
		return errors.New("it is not the address of a repository")
	}
	return nil
}

// checkPackageFile refuses a path that isn't a clean one in its tree.
func checkPackageFile(file string) error {
	if path.IsAbs(file) || path.Clean(file) != file || file == "." || file == ".." || strings.HasPrefix(file, "../") || strings.ContainsRune(file, 0) {
		return fmt.Errorf("file %q is not relative to its tree", file)
	}
	return nil
}

// checkPath refuses what is no path below a repository. An archive may have two slashes
// beside each other in one.
func checkPath(name string) error {
	if name == "" || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "://") || strings.ContainsAny(name, "?#\\\x00") ||
		strings.Contains("/"+name+"/", "/../") {
		return fmt.Errorf("path %q is not relative to a repository", name)
	}
	return nil
}

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
