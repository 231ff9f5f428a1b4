// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import "github.com/strata-build/strata/llb/spec"

// Fault is an error that belongs to lines of the build file.
type Fault struct {
	Range spec.Range
	Err   error
}

func (f *Fault) Error() string { return f.Err.Error() }

func (f *Fault) Unwrap() error { return f.Err }
