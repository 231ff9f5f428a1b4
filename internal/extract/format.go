// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package extract

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/strata-build/strata/internal/compress"
)

// isTar reports whether the first block of a file is one of a tar archive, which its
// checksum tells.
func isTar(head []byte) bool {
	if len(head) < headSize || isBlank(head) {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(head)).Next()
	// What follows a header that is right may be missing here.
	return err == nil || strings.Contains(err.Error(), "EOF")
}

// isBlank reports whether a file begins with a block of zeros, with which an archive of
// tar ends: an empty one is nothing else.
func isBlank(head []byte) bool {
	return len(head) == headSize && !slices.ContainsFunc(head, func(b byte) bool { return b != 0 })
}

// alone is what a file that is packed alone is called, by the first name that has
// the suffix of its format. tarred says that a name is that of a tar archive.
func alone(format string, names ...string) (name string, tarred bool) {
	for _, name := range names {
		for _, suffix := range suffixes(format) {
			short, ok := cutSuffix(name, suffix.packed)
			if !ok || short == "" {
				continue
			}
			_, isTar := cutSuffix(short, ".tar")
			return short, isTar || suffix.tar
		}
	}
	return names[len(names)-1], false
}

// A suffix is how names of packed files end.
type suffix struct {
	packed string
	// tar says that a tar archive is packed.
	tar bool
}

func suffixes(format string) []suffix {
	switch format {
	case compress.Gzip:
		return []suffix{{".gz", false}, {".tgz", true}}
	case compress.Bzip2:
		return []suffix{{".bz2", false}, {".tbz2", true}, {".tbz", true}}
	case compress.Xz:
		return []suffix{{".xz", false}, {".txz", true}}
	case compress.Zstd:
		return []suffix{{".zst", false}, {".zstd", false}, {".tzst", true}}
	}
	return nil
}

// cutSuffix cuts a suffix in whatever case.
func cutSuffix(name, suffix string) (string, bool) {
	if n := len(name) - len(suffix); n >= 0 && strings.EqualFold(name[n:], suffix) {
		return name[:n], true
	}
	return name, false
}

// looksLike says what the first bytes of a file are like.
func looksLike(head []byte) string {
	for _, known := range []struct{ start, words string }{
		{"7z\xbc\xaf", "it looks like a 7z archive"},
		{"Rar!", "it looks like a rar archive"},
		{"!<arch>\n", "it looks like an ar archive, as a package of Debian is"},
		{"\xed\xab\xee\xdb", "it looks like an rpm package"},
		{"070701", "it looks like a cpio archive"},
		{"\x04\x22\x4d\x18", "it looks like a file packed by lz4"},
		{"]\x00\x00", "it looks like a file packed by lzma"},
		{"\x7fELF", "it looks like a program"},
	} {
		if bytes.HasPrefix(head, []byte(known.start)) {
			return known.words
		}
	}
	text := bytes.ToLower(bytes.TrimSpace(head))
	switch {
	case len(head) == 0:
		return "it is empty"
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return "it looks like an HTML page"
	case isText(head):
		line, _, _ := strings.Cut(strings.TrimSpace(string(head)), "\n")
		return fmt.Sprintf("it looks like text that begins with %.60q", line)
	default:
		return fmt.Sprintf("it begins with the bytes %x", head[:min(len(head), 8)])
	}
}

// isText reports whether bytes, the last of which may be a part of a character, are
// text.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && len(head) >= utf8.UTFMax || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		head = head[size:]
	}
	return true
}
