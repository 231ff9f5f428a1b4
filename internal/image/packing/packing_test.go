// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packing_test

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/image/packing"
)

// archive is the start of a tar that begins with a file of a name.
func archive(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOf names what is read, and in words what is not.
func TestOf(t *testing.T) {
	for start, want := range map[string]string{
		"\x1f\x8b\x08":             compress.Gzip,
		"\x28\xb5\x2f\xfd":         compress.Zstd,
		"\x53\x2a\x4d\x18":         compress.Zstd,
		"\xfd7zXZ\x00":             "compressed by xz",
		"BZh9":                     "compressed by bzip2",
		"\x04\x22\x4d\x18":         "compressed by lz4",
		"\x5d\x00\x00\x80\x00\xff": "compressed by lzma",
		"PK\x03\x04":               "a zip archive",
		"":                         compress.None,
		archive(t, "]"):            compress.None,
		archive(t, "a"):            compress.None,
	} {
		got, err := packing.Of([]byte(start[:min(len(start), packing.Magic)]))
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, "it is "+want+", ")) {
			t.Errorf("%q is %q, want %q", start[:min(len(start), 8)], got, want)
		}
	}
}
