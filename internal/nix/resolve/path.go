// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"fmt"
	"path"
	"strings"
)

const (
	// hashLen is the number of digits that a store path's name begins with.
	hashLen = 32
	// maxName is the greatest length of what follows them and the dash.
	maxName = 211
)

// CheckPath returns an error unless p is a store path: any clean, absolute directory, and
// in it a name of 32 digits, a dash and at most 211 harmless characters.
func CheckPath(p string) error {
	switch {
	case !path.IsAbs(p) || path.Clean(p) != p:
		return fmt.Errorf("%q is not a store path: it isn't absolute and clean", p)
	case path.Dir(p) == "/":
		return fmt.Errorf("%q is not a store path: it isn't in a store", p)
	case strings.ContainsAny(path.Dir(p), "\x00\n,"):
		return fmt.Errorf("%q is not a store path: a store can't be there", p)
	}
	if err := checkBase(path.Base(p)); err != nil {
		return fmt.Errorf("%q is not a store path: %w", p, err)
	}
	return nil
}

// checkBase checks the last component of a store path.
func checkBase(base string) error {
	if IsForjar(base) {
		return nil
	}
	if len(base) < hashLen+2 || base[hashLen] != '-' {
		return fmt.Errorf("%q isn't a hash of %d digits, a dash and a name", base, hashLen)
	}
	for i := range hashLen {
		if !strings.Contains(alphabet, base[i:i+1]) {
			return fmt.Errorf("%q has %q in its hash", base, base[i])
		}
	}
	name := base[hashLen+1:]
	if len(name) > maxName {
		return fmt.Errorf("its name has %d characters, and %d are allowed", len(name), maxName)
	}
	if name == "." || name == ".." || strings.HasPrefix(name, ".-") || strings.HasPrefix(name, "..-") {
		return fmt.Errorf("a name can't begin as %q does", name)
	}
	for _, c := range []byte(name) {
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && !strings.ContainsRune("+-._?=", rune(c)) {
			return fmt.Errorf("%q has %q in its name", base, c)
		}
	}
	return nil
}

// hashPart is the hash at the beginning of a store path's name.
func hashPart(p string) string { return path.Base(p)[:hashLen] }

// Name is a store path's name without the store and the hash. A path in forjar's
// store has none but the start of its hash.
func Name(p string) string {
	if IsForjar(path.Base(p)) {
		return path.Base(p)[:12]
	}
	return path.Base(p)[hashLen+1:]
}

// Program is a store path's name without its version: what comes before the
// first dash that no letter follows.
func Program(p string) string {
	name := Name(p)
	for i := 0; i+1 < len(name); i++ {
		c := name[i+1] | 0x20
		if name[i] == '-' && (c < 'a' || c > 'z') {
			return name[:i]
		}
	}
	return name
}
