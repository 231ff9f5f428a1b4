// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// Writer passes what is written on to w as [Text] has it. A character that comes in
// two parts waits for its second one.
func Writer(w io.Writer) io.Writer { return &writer{w: w} }

type writer struct {
	w io.Writer
	// part is the beginning of a character, or of a line break.
	part []byte
}

// Write takes all of p unless the other writer fails.
func (w *writer) Write(p []byte) (int, error) {
	whole := append(bytes.Clone(w.part), p...)
	end := len(whole) - incomplete(whole)
	w.part = whole[end:]
	if _, err := io.WriteString(w.w, Text(string(whole[:end]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// incomplete is how many bytes at the end may mean another thing with more.
func incomplete(p []byte) int {
	if bytes.HasSuffix(p, []byte("\r")) {
		return 1
	}
	for n := 1; n <= min(utf8.UTFMax-1, len(p)); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
