// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// unpackFault says what came in the place of an archive; nil when the failure is about
// something else.
func (e *Explainer) unpackFault(ctx context.Context, err error) error {
	if !strings.Contains(err.Error(), place.ArchiveMark) {
		return nil
	}
	entry := findExtract(e.Plan, errdefs.Sources(err))
	if entry == nil {
		return nil
	}
	looks := looksLike(e.World.Head(ctx, entry))
	if entry.HTTP != nil {
		return e.external(entry.HTTP.Pos, "unpack %s: it isn't a tar archive, or not a whole one: %s", entry.HTTP.URL, looks)
	}
	return e.Spec.Errorf(entry.Copy.Pos, "unpack %s of %s: it isn't a tar archive, or not a whole one: %s",
		strings.TrimPrefix(entry.Copy.Path, "/"), entry.Copy.From.Words(), looks)
}

// findExtract finds the first entry within lines that is unpacked; nil if there is none.
func findExtract(p *plan.Plan, lines []*errdefs.Source) *plan.Entry {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			files, ok := l.Action.(*plan.Files)
			if !ok {
				continue
			}
			for i := range files.Entries {
				if entry := &files.Entries[i]; entry.Extract && covers(lines, entry.Range.Start.Line) {
					return entry
				}
			}
		}
	}
	return nil
}

// looksLike says what the first bytes of a file are like.
func looksLike(head []byte) string {
	for _, known := range []struct{ start, words string }{
		{"PK\x03\x04", "it looks like a zip archive"},
		{"\x1f\x8b", "it looks like a single file, compressed by gzip"},
		{"BZh", "it looks like a single file, compressed by bzip2"},
		{"\xfd7zXZ\x00", "it looks like a single file, compressed by xz"},
		{"\x28\xb5\x2f\xfd", "it looks like a single file, compressed by zstd"},
		{"7z\xbc\xaf", "it looks like a 7z archive"},
		{"Rar!", "it looks like a rar archive"},
		{"!<arch>\n", "it looks like an ar archive, as a package of Debian is"},
		{"\xed\xab\xee\xdb", "it looks like an rpm package"},
		{"\x7fELF", "it looks like a program"},
	} {
		if bytes.HasPrefix(head, []byte(known.start)) {
			return known.words
		}
	}
	text := bytes.ToLower(bytes.TrimSpace(head))
	switch {
	case len(head) == 0:
		return "it is empty, or a directory"
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
