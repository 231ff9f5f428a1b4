// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package cli

import "fmt"

// usageError is an error in the command line or the build file.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Usage makes err one that the caller of the command has to correct: status 2.
// The hint says how, and may be empty. Of nil it makes nil.
func Usage(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &usageError{err: err, hint: hint}
}

// hintedError is a failure with the next step.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// Hint adds the next step to a failure: status 1.
func Hint(err error, hint string) error { return &hintedError{err: err, hint: hint} }

// differsError says that two things which were compared are not the same.
type differsError struct{ err error }

func (e *differsError) Error() string { return e.err.Error() }
func (e *differsError) Unwrap() error { return e.err }

// Differs makes err one that says how two things which were compared differ:
// status 3.
func Differs(err error) error { return &differsError{err} }

// statusError is the result of a command that has printed everything.
type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// Status ends a command that has printed its findings with a status, and prints
// nothing more.
func Status(status int) error { return &statusError{status} }

// rewordedError has a text of its own and stays what it was for errors.Is.
type rewordedError struct {
	text string
	err  error
}

func (e *rewordedError) Error() string { return e.text }
func (e *rewordedError) Unwrap() error { return e.err }

// Reword gives err another text.
func Reword(err error, text string) error { return &rewordedError{text: text, err: err} }
