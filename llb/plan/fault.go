// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"errors"
	"fmt"

	"github.com/strata-build/strata/llb/spec"
)

// Fault is an error that belongs to lines of the build file, found when a plan
// is lowered or its tests run.
type Fault struct {
	Range spec.Range
	Err   error
}

func (f *Fault) Error() string { return f.Err.Error() }

func (f *Fault) Unwrap() error { return f.Err }

// IsMistake reports whether the build file has to be changed: it doesn't fit the
// image that it is about. Other faults are failures of what the lines ask for.
func (f *Fault) IsMistake() bool {
	var m *mistake
	return errors.As(f.Err, &m)
}

// mistake is an error that only another build file avoids.
type mistake struct{ error }

func (m *mistake) Unwrap() error { return m.error }

// Mistakef is fmt.Errorf for an error that makes a [Fault] a mistake.
func Mistakef(format string, args ...any) error {
	return &mistake{fmt.Errorf(format, args...)}
}
