// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"errors"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	for name, want := range map[string]string{"./": "/", ".": "/", "./usr/": "/usr", "usr/bin/x": "/usr/bin/x", "./a b": "/a b"} {
		if got, err := CleanPath(name); got != want || err != nil {
			t.Errorf("CleanPath(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", "/etc/passwd", "..", "./../x", "a/../../x", "a//b", "a/./b", "a\nb", "a\x00", "./.wh.x", "a/.wh..wh..opq", strings.Repeat("a/", 3000)} {
		if got, err := CleanPath(name); !errors.Is(err, ErrPath) {
			t.Errorf("CleanPath(%q) = %q, %v", name, got, err)
		}
	}
}
