// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package flags reads the flags of a build.
//
// The flags and their little languages are buildx's: comma-separated key=value
// fields, with shorthands. Each function turns the values of one flag into what
// BuildKit takes: an exporter, a cache, a frontend attribute. They are pure:
// they touch no file, read the environment only through a [Lookup], and name the
// flag in their errors.
package flags

// Lookup finds a variable of the environment, as os.LookupEnv does.
type Lookup func(name string) (string, bool)
