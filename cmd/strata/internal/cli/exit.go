// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
)

// The exit statuses. A command that a signal ends has 128 and its number.
const (
	// StatusOK is for success.
	StatusOK = 0
	// StatusFailed is for a failure.
	StatusFailed = 1
	// StatusUsage is for a mistake in the command line or the build file.
	StatusUsage = 2
	// StatusDiffers is for what was compared and is not the same.
	StatusDiffers = 3
)

// fault is an error that points at a place in the build file.
type fault interface {
	error
	Excerpt() string
}

// Exit prints what went wrong and gives the exit status.
func Exit(ctx context.Context, w io.Writer, err error) int {
	if err == nil {
		return StatusOK
	}
	w = printable.Writer(w)
	if s := (*statusError)(nil); errors.As(err, &s) {
		return s.status
	}
	if s := (*signalError)(nil); errors.As(context.Cause(ctx), &s) {
		fmt.Fprintf(w, "strata: %v\n", s)
		return s.status()
	}
	if fs := faults(err); len(fs) > 0 {
		for _, f := range fs {
			fmt.Fprintf(w, "strata: %s\n%s", printable.WithoutLogins(f.Error()), terminated(f.Excerpt()))
		}
		printHint(w, err)
		return statusOf(err, external(fs))
	}
	printSources(w, err)
	// Of an address in an error of Go's, a token in the place of the user is left.
	fmt.Fprintf(w, "strata: %s\n", printable.WithoutLogins(printable.Error(fullDisk(err))))
	printHint(w, err)
	u := (*usageError)(nil)
	if errors.As(err, &u) && u.hint != "" {
		fmt.Fprintf(w, "%s\n", u.hint)
	}
	return statusOf(err, u == nil)
}

// printHint prints the next step, if an error has one.
func printHint(w io.Writer, err error) {
	if h := (*hintedError)(nil); errors.As(err, &h) {
		fmt.Fprintf(w, "%s\n", h.hint)
	}
}

// statusOf is the exit status of an error that is printed. failed says that it
// is not a mistake in the command line or the build file.
func statusOf(err error, failed bool) int {
	switch d := (*differsError)(nil); {
	case errors.As(err, &d):
		return StatusDiffers
	case failed:
		return StatusFailed
	}
	return StatusUsage
}

// IsFault reports whether an error points at the build file.
func IsFault(err error) bool { return len(faults(err)) > 0 }

// faults are the errors in err that point at the build file.
func faults(err error) []fault {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case nil:
		return nil
	case fault:
		return []fault{e}
	case interface{ Unwrap() error }:
		return faults(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []fault
		for _, one := range e.Unwrap() {
			all = append(all, faults(one)...)
		}
		return all
	}
	return nil
}

// external reports whether the cause of each fault is outside the build file.
func external(fs []fault) bool {
	return !slices.ContainsFunc(fs, func(f fault) bool {
		e, ok := f.(*spec.Error)
		return !ok || !e.External
	})
}

// printSources shows the lines of the build file that a failed step comes from.
func printSources(w io.Writer, err error) {
	for _, source := range errdefs.Sources(err) {
		_ = source.Print(w) // nothing to be done about a closed terminal
	}
}

// terminated ends a text with one newline, if it has any text.
func terminated(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimRight(s, "\n") + "\n"
}
