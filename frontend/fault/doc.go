// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package fault is what goes wrong in a build: typed values first, words second.
//
// BuildKit tells failures in English, which is all that is left of them across its
// gateway, and about steps that the user never wrote. This package is the only one
// that reads those sentences: a [Fetch] and the functions beside it are made where
// a solve returns, and everybody else switches on them. The words of the build file
// for them are here, too, with the lines they belong to.
package fault
