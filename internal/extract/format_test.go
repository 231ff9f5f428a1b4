// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"strings"
	"testing"
)

func TestLooksLike(t *testing.T) {
	for head, want := range map[string]string{
		"":                            "it is empty",
		"070701000":                   "a cpio archive",
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

func TestAlone(t *testing.T) {
	for _, c := range []struct {
		format string
		names  []string
		want   string
		tarred bool
	}{
		{"gzip", []string{"tool.gz"}, "tool", false},
		{"gzip", []string{"", "TOOL.GZ"}, "TOOL", false},
		{"gzip", []string{"download", "tool-1.2.gz"}, "tool-1.2", false},
		{"gzip", []string{"tool-1.2.gz", "other.gz"}, "tool-1.2", false},
		{"gzip", []string{"", ".gz"}, ".gz", false},
		{"gzip", []string{"x", "download"}, "download", false},
		{"gzip", []string{"", "a.xz"}, "a.xz", false},
		{"gzip", []string{"", "a.tar.gz"}, "a.tar", true},
		{"xz", []string{"", "a.txz"}, "a", true},
		{"zstd", []string{"", "a.zstd"}, "a", false},
		{"bzip2", []string{"", "a.Tar.bz2"}, "a.Tar", true},
	} {
		if got, tarred := alone(c.format, c.names...); got != c.want || tarred != c.tarred {
			t.Errorf("%s %q: %q, %t, want %q, %t", c.format, c.names, got, tarred, c.want, c.tarred)
		}
	}
}
