// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"strings"
	"testing"
)

// FuzzMatches matches paths with patterns that have what they stand for, and with any.
func FuzzMatches(f *testing.F) {
	for _, pattern := range []string{"/usr/share/doc/*", "*[!a-z]?", `\[a`, "[[:alpha:]", "[]-a]", "[a-"} {
		f.Add(pattern, "/usr/share/doc/x")
	}
	escape := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)
	f.Fuzz(func(t *testing.T, pattern, path string) {
		matches(pattern, path)
		if literal := escape.Replace(path); !matches(literal, path) || !matches("*"+literal+"*", pattern+path+pattern) || matches(literal+"?", path) {
			t.Errorf("%q isn't matched as itself", path)
		}
	})
}
