// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"strings"
	"testing"
)

func TestLooksLike(t *testing.T) {
	for head, want := range map[string]string{
		"":                            "it is empty, or a directory",
		"PK\x03\x04\x14\x00":          "a zip archive",
		"\x1f\x8b\x08":                "compressed by gzip",
		"\n<!DOCTYPE HTML>\n<title>":  "an HTML page",
		"404: Not Found\nmore":        `text that begins with "404: Not Found"`,
		"\x00\x01\x02\x03":            "begins with the bytes 00010203",
		"ends in half a letter: \xc3": "text that begins",
	} {
		if got := looksLike([]byte(head)); !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", head, got, want)
		}
	}
}
