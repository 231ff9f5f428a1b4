// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import "strings"

// A Scanner walks over the fields of paragraphs of a text, without copying.
type Scanner struct {
	Text     string
	Pos      int  // where it is, in bytes
	Start    int  // of what Next returned last, in bytes
	Comments bool // lines that start with # don't count
}

// Next returns the next field; its value runs over continued lines and keeps
// their line breaks. At an empty line or the end of the text, name is "". A
// line that is not a field is passed over and returned as a value without a name
// and not ok.
func (f *Scanner) Next() (name, value string, ok bool) {
	if f.Comments {
		f.skipComments()
	}
	f.Start = f.Pos
	if f.Pos >= len(f.Text) {
		return "", "", true
	}
	end := f.lineEnd(f.Pos)
	line := f.Text[f.Pos:end]
	if isBlank(line) {
		return "", "", true
	}
	colon := strings.IndexByte(line, ':')
	if colon < 0 || !validFieldName(line[:colon]) {
		f.Pos = min(end+1, len(f.Text))
		return "", line, false
	}
	start := f.Pos + colon + 1
	for end+1 < len(f.Text) && f.continues(f.Text[end+1]) {
		next := f.lineEnd(end + 1)
		if isBlank(f.Text[end+1 : next]) {
			break
		}
		end = next
	}
	f.Pos = min(end+1, len(f.Text))
	return line[:colon], strings.Trim(f.Text[start:end], " \t\r"), true
}

// isBlank reports whether a line is empty as dpkg sees it, to which a blank beyond ASCII, as
// texts from elsewhere have them, is a letter.
func isBlank(line string) bool {
	for i := range len(line) {
		switch line[i] {
		case ' ', '\t', '\r', '\v', '\f':
		default:
			return false
		}
	}
	return true
}

// continues reports whether a line that begins so belongs to the field before.
func (f *Scanner) continues(first byte) bool {
	return first == ' ' || first == '\t' || f.Comments && first == '#'
}

// SkipEmpty moves on to the next paragraph, or to the end of the text.
func (f *Scanner) SkipEmpty() {
	for f.Pos < len(f.Text) {
		if f.Comments {
			f.skipComments()
		}
		end := f.lineEnd(f.Pos)
		if !isBlank(f.Text[f.Pos:end]) {
			return
		}
		f.Pos = min(end+1, len(f.Text))
	}
}

func (f *Scanner) skipComments() {
	for f.Pos < len(f.Text) && f.Text[f.Pos] == '#' {
		f.Pos = min(f.lineEnd(f.Pos)+1, len(f.Text))
	}
}

func (f *Scanner) lineEnd(from int) int {
	if i := strings.IndexByte(f.Text[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(f.Text)
}

// tidy takes comments and what is blank at the ends of lines out of a value.
func (f *Scanner) tidy(value string) string {
	if !strings.Contains(value, "\n") {
		return value
	}
	var b strings.Builder
	for i, line := range strings.Split(value, "\n") {
		if i > 0 {
			if f.Comments && line[0] == '#' {
				continue
			}
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimRight(line, " \t\r"))
	}
	return b.String()
}

// validFieldName allows printable ASCII but the colon, and no - or # first.
func validFieldName(name string) bool {
	if name == "" || name[0] == '-' || name[0] == '#' {
		return false
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return true
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
