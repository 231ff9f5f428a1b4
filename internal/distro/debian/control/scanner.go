// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"strings"
)

// A Scanner walks over the fields of paragraphs of a text, without copying.
type Scanner struct {
	Text string
	Pos  int // where it is, in bytes
}

// Next returns the next field; its value runs over continued lines and keeps
// their line breaks. At an empty line or the end of the text, name is "". A
// line that is no field is returned as a value without a name and not ok.
func (f *Scanner) Next() (name, value string, ok bool) {
	if f.Pos >= len(f.Text) {
		return "", "", true
	}
	end := f.lineEnd(f.Pos)
	line := f.Text[f.Pos:end]
	if strings.TrimSpace(line) == "" {
		return "", "", true
	}
	colon := strings.IndexByte(line, ':')
	if colon < 0 || !validFieldName(line[:colon]) {
		return "", line, false
	}
	start := f.Pos + colon + 1
	for end+1 < len(f.Text) && (f.Text[end+1] == ' ' || f.Text[end+1] == '\t') {
		next := f.lineEnd(end + 1)
		if strings.TrimSpace(f.Text[end+1:next]) == "" {
			break
		}
		end = next
	}
	f.Pos = min(end+1, len(f.Text))
	return line[:colon], strings.Trim(strings.TrimSuffix(f.Text[start:end], "\r"), " \t"), true
}

// SkipEmpty moves on to the next paragraph, or to the end of the text.
func (f *Scanner) SkipEmpty() {
	for f.Pos < len(f.Text) {
		end := f.lineEnd(f.Pos)
		if strings.TrimSpace(f.Text[f.Pos:end]) != "" {
			return
		}
		f.Pos = min(end+1, len(f.Text))
	}
}

func (f *Scanner) lineEnd(from int) int {
	if i := strings.IndexByte(f.Text[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(f.Text)
}

// Value returns the value of a field of a paragraph.
func Value(paragraph, name string) string {
	f := Scanner{Text: paragraph}
	for {
		key, value, ok := f.Next()
		if !ok || key == "" {
			return ""
		}
		if strings.EqualFold(key, name) {
			return value
		}
	}
}
