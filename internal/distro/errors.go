// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"errors"
	"fmt"
)

// NoArchives is the error of an image that has no archives where they are asked for.
func NoArchives(in Configured) error {
	err := fmt.Errorf("%s is configured for no package archive; say with `repositories` where packages come from", in.Name)
	return &Error{Part: Configuration, Err: err}
}

// ErrNoKeys says that the context doesn't have the keys that a source names.
var ErrNoKeys = errors.New("the context has no such key")

// Error is an error at one part of a request: who asked for that is to be told.
type Error struct {
	// Name is the name of a package, as the request has it. Source is one of the
	// request's. With neither, the error is about the whole request.
	Name   string
	Source *Source
	// Part is the part of the source or of the request.
	Part Part
	Err  error
}

// Part is a part of what was asked for.
type Part int

// The parts.
const (
	// Whole is all of it.
	Whole Part = iota
	// Keys is where the keys of a source are.
	Keys
	// Scripts is what to do with maintainer scripts.
	Scripts
	// Configuration is the image that says where packages come from.
	Configuration
)

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without its place.
func (e *Error) Unwrap() error { return e.Err }
