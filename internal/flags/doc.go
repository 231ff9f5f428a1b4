// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package flags reads the words of a build's command line.
//
// The flags and their little languages are buildx's: comma-separated key=value
// fields, with shorthands. Each function turns the words of one flag into what
// BuildKit wants of it: an exporter, a cache, a frontend attribute. They are
// pure: they touch no file, ask the environment only through a [Lookup], and
// say in their errors which flag is wrong.
package flags

// Lookup finds a variable of the environment, as os.LookupEnv does.
type Lookup func(name string) (string, bool)
