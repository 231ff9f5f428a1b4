// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package command is what subcommands of the step helper about packages have in
// common. A package below a distribution has a struct for each of its own.
package command

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Verb is a subcommand of the step helper about packages.
type Verb struct {
	// Usage is its name and what it takes.
	Usage string
	// Run does it, with the arguments after the name.
	Run func(ctx context.Context, args []string, h Host) error
}

// Name is what the verb is called.
func (v Verb) Name() string {
	name, _, _ := strings.Cut(v.Usage, " ")
	return name
}

// Host is the step helper around a verb.
type Host interface {
	// Change runs what changes the image at /, and gives what that made a time that
	// is the same in every run.
	Change(c Change) error
}

// Change is what changes an image.
type Change struct {
	Run func() error
	// Programs says that it runs programs of the image. Those that are left at its end
	// are ended.
	Programs bool
	// ReadAhead looks at all files of the image meanwhile, if there is a processor for
	// that.
	ReadAhead bool
}

// ExitError is a program of the image that failed: the helper exits as it did.
type ExitError struct {
	// Status is the exit status, greater than 0.
	Status int
	Err    error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns what the program's failure says.
func (e *ExitError) Unwrap() error { return e.Err }

// Files are the files of a directory with an extension, sorted; it's an error if there
// are none.
func Files(dir, ext string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*."+ext))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("unpack packages: there are none in %q", dir)
	}
	slices.Sort(files)
	return files, nil
}
