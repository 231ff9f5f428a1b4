// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import "strings"

// Error is the text of an error, on a line for each error that was joined. A line
// break that is part of a name or of an answer doesn't begin a line.
func Error(err error) string {
	text := err.Error()
	if !strings.ContainsAny(text, "\n\r") {
		return Line(text)
	}
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case interface{ Unwrap() []error }:
		var all, raw []string
		for _, one := range e.Unwrap() {
			all, raw = append(all, Error(one)), append(raw, one.Error())
		}
		if strings.Join(raw, "\n") == text {
			return strings.Join(all, "\n")
		}
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		if inner == nil {
			break
		}
		if before, after, ok := strings.Cut(text, inner.Error()); ok {
			return Line(before) + Error(inner) + Line(after)
		}
	}
	return Line(text)
}
