// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb/spec"
)

// The exit statuses. A command that a signal ends has 128 and its number.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	// exitDiffers is for what was compared and is not the same.
	exitDiffers = 3
)

// excerpter is an error that points at a place in the build file.
type excerpter interface {
	error
	Excerpt() string
}

// mistake is an error in the command line or the build file.
type mistake struct {
	err  error
	hint string
}

func (m *mistake) Error() string { return m.err.Error() }
func (m *mistake) Unwrap() error { return m.err }

// usageError makes err one that the command's caller has to mend; the hint says
// how, and may be empty.
func usageError(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &mistake{err: err, hint: hint}
}

// hinted is a failure with the next step.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// differs says that two things which were compared are not the same.
type differs struct{ err error }

func (d *differs) Error() string { return d.err.Error() }
func (d *differs) Unwrap() error { return d.err }

// findings is the failure of a check that has said all on the standard output.
type findings struct{ status int }

func (f *findings) Error() string { return fmt.Sprintf("findings, status %d", f.status) }

// conclude says what went wrong and gives the exit status.
func conclude(ctx context.Context, w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if f := (*findings)(nil); errors.As(err, &f) {
		return f.status
	}
	if s := (*signalError)(nil); errors.As(context.Cause(ctx), &s) {
		fmt.Fprintf(w, "strata: %v\n", s)
		return s.status()
	}
	if fs := faults(err); len(fs) > 0 {
		for _, f := range fs {
			fmt.Fprintf(w, "strata: %v\n%s", f, terminated(f.Excerpt()))
		}
		return statusOf(err, external(fs))
	}
	printSources(w, err)
	fmt.Fprintf(w, "strata: %s\n", fullDisk(err.Error()))
	if h := (*hinted)(nil); errors.As(err, &h) {
		fmt.Fprintf(w, "%s\n", h.hint)
	}
	m := (*mistake)(nil)
	if errors.As(err, &m) && m.hint != "" {
		fmt.Fprintf(w, "%s\n", m.hint)
	}
	return statusOf(err, m == nil)
}

// statusOf is the exit status of an error that was told. failed says that it is no
// mistake of the command line or the build file.
func statusOf(err error, failed bool) int {
	switch d := (*differs)(nil); {
	case errors.As(err, &d):
		return exitDiffers
	case failed:
		return exitFailed
	}
	return exitUsage
}

// faults are the errors in err that point at the build file.
func faults(err error) []excerpter {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case nil:
		return nil
	case excerpter:
		return []excerpter{e}
	case interface{ Unwrap() error }:
		return faults(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []excerpter
		for _, one := range e.Unwrap() {
			all = append(all, faults(one)...)
		}
		return all
	}
	return nil
}

// external tells whether none of the faults is the build file's own.
func external(fs []excerpter) bool {
	return !slices.ContainsFunc(fs, func(f excerpter) bool {
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

// terminated ends a text with one line end, if it has any text.
func terminated(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimRight(s, "\n") + "\n"
}
