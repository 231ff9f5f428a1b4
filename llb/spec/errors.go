// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/strata-build/strata/internal/printable"
)

// maxErrors is how many faults [Errors] tells at once.
const maxErrors = 20

// Error is one fault of a build file: what is wrong, where, and what was
// probably meant.
type Error struct {
	// File is the name that messages use for the build file.
	File string
	// Range is what the fault is about. It is zero when the fault belongs to no
	// place in the file.
	Range Range
	// Message says what is wrong, without the place.
	Message string
	// Hint says what to do, or is empty.
	Hint string
	// Rule is the rule that a warning is of; empty for errors, and for warnings that
	// have none.
	Rule string
	// External says that the build file is as it should be: what it asks for can't
	// be had.
	External bool
	// Lines are the lines around the fault, and FirstLine is the number of the
	// first of them. There are none when Range is zero.
	Lines     []string
	FirstLine int

	cause error
}

// Error gives the fault in one line: place, message and hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(printable.Line(e.File))
	if start := e.Range.Start; !start.IsZero() {
		fmt.Fprintf(&b, ":%d", start.Line)
		if start.Column > 0 {
			fmt.Fprintf(&b, ":%d", start.Column)
		}
	}
	b.WriteString(": ")
	b.WriteString(e.Words())
	return b.String()
}

// Words are the message and the hint, without the place.
func (e *Error) Words() string {
	if e.Hint == "" {
		return printable.Line(e.Message)
	}
	return printable.Line(e.Message + "; " + e.Hint)
}

// Unwrap gives the error that the fault was made of with %w, or nil.
func (e *Error) Unwrap() error { return e.cause }

// WithHint returns a copy of e with a hint.
func (e *Error) WithHint(hint string) *Error {
	c := *e
	c.Hint = hint
	return &c
}

// Errors are the faults of a build file in the order of their places, the first
// twenty at most.
type Errors []*Error

// Error gives the faults, each in one line.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults one by one.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// Errorf makes a fault of the build file at a place. The format may hold %w.
func (s *Spec) Errorf(pos Pos, format string, args ...any) *Error {
	return s.ErrorfRange(Range{Start: pos, End: pos}, format, args...)
}

// ErrorfRange is [Spec.Errorf] for a fault that covers more than one character. A fault
// that is wrapped keeps its own place.
func (s *Spec) ErrorfRange(r Range, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	e := &Error{File: s.File, Range: r, Message: sentence(wrapped), cause: errors.Unwrap(wrapped)}
	if inner := (*Error)(nil); errors.As(wrapped, &inner) && inner.File == s.File && !inner.Range.Start.IsZero() {
		// A sentence has one place, the one that is nearest to the fault.
		e.Message = strings.Replace(e.Message, inner.Error(), inner.Words(), 1)
		e.Range, e.External = inner.Range, inner.External
	}
	e.quote(s.Data)
	return e
}

// sentence is the text of an error, with a semicolon between those that were joined.
func sentence(err error) string {
	text := err.Error()
	if !strings.Contains(text, "\n") {
		return text
	}
	return strings.ReplaceAll(printable.Error(err), "\n", "; ")
}

// newErrors sorts faults by place, drops those beyond the limit and quotes the
// source for the rest. It returns nil when there are none.
func newErrors(faults []*Error, data []byte) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b *Error) int {
		return comparePos(a.Range.Start, b.Range.Start)
	})
	faults = slices.CompactFunc(faults, func(a, b *Error) bool {
		return a.Range.Start == b.Range.Start && a.Message == b.Message
	})
	if len(faults) > maxErrors {
		faults = faults[:maxErrors]
	}
	for _, e := range faults {
		e.quote(data)
	}
	return Errors(faults)
}

func comparePos(a, b Pos) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}

// quote keeps the lines around the fault, two before it and one after, without logins.
func (e *Error) quote(data []byte) {
	e.Lines, e.FirstLine = nil, 0
	at := e.Range.Start.Line
	if at == 0 {
		return
	}
	first, last := max(at-2, 1), at+1
	for n := 1; n <= last && len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if n >= first {
			e.Lines = append(e.Lines, printable.WithoutLogins(strings.TrimSuffix(string(line), "\r")))
		}
	}
	e.FirstLine = first
}

// Excerpt draws the lines around the fault with their numbers, and marks what
// the fault is about. It is empty when the fault has no place, and otherwise
// ends in a newline.
func (e *Error) Excerpt() string {
	if len(e.Lines) == 0 {
		return ""
	}
	width := len(fmt.Sprint(e.FirstLine + len(e.Lines) - 1))
	var b strings.Builder
	for i, line := range e.Lines {
		number := e.FirstLine + i
		if number != e.Range.Start.Line {
			writeLine(&b, fmt.Sprintf("  %*d | ", width, number), clip(line, 0))
			continue
		}
		from := max(e.Range.Start.Column-60, 0)
		writeLine(&b, fmt.Sprintf("> %*d | ", width, number), clip(line, from))
		if e.Range.Start.Column > 0 {
			writeLine(&b, fmt.Sprintf("  %*s | ", width, ""), e.marker(line, from))
		}
	}
	return b.String()
}

// marker is the line under the faulty one: a caret at its column, and tildes to
// its end when it ends on the same line.
func (e *Error) marker(line string, from int) string {
	var b strings.Builder
	if from > 0 {
		b.WriteString("…")
	}
	runes := []rune(line)
	for i := from; i < e.Range.Start.Column-1; i++ {
		if i < len(runes) && runes[i] == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	if end := e.Range.End; end.Line == e.Range.Start.Line {
		last := min(end.Column, len(runes), from+excerptWidth)
		b.WriteString(strings.Repeat("~", max(last-e.Range.Start.Column, 0)))
	}
	return b.String()
}

// excerptWidth is how many characters of a line an excerpt shows.
const excerptWidth = 140

// clip makes a line fit for a terminal: printable, and not too long.
func clip(line string, from int) string {
	runes := []rune(line)
	var b strings.Builder
	if from > 0 {
		b.WriteString("…")
	}
	for i := from; i < len(runes); i++ {
		if i == from+excerptWidth {
			b.WriteString("…")
			break
		}
		r := runes[i]
		if r != '\t' && !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

func writeLine(b *strings.Builder, prefix, text string) {
	b.WriteString(strings.TrimRight(prefix+text, " "))
	b.WriteByte('\n')
}
