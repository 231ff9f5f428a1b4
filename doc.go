// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package strata is the root of the module; it holds no code. The pipeline is
//
//	bytes --spec.Parse--> Spec --strategy.Plan--> Plan --llb.Lower--> LLB and image config
//	      --frontend.Build--> Result --BuildKit's exporters--> image | oci | docker | local | tar
//
// and docs/architecture.md says which package does what, and why.
//
// # The library
//
// Six packages are for other programs, and each has an example: [frontend] builds
// through BuildKit's client or gateway; llb/spec parses a build file, llb/strategy
// plans it, llb/plan is the plan as data, llb lowers it, and llb/lock reads and writes
// locks.
//
// # What is promised until 1.0
//
// The keys of the build file, the verbs, flags and exit statuses of the command line
// and the keys of its JSON only grow: what works with one release works with the next.
// A lock is read by every later release. The same build file, lock and context give the
// same digest with one release of Strata and of BuildKit, through every door; a new
// release may change digests, and says so.
//
// The Go packages may change their API between minor releases, never between patch
// releases. Packages below internal promise nothing.
//
// [frontend]: https://pkg.go.dev/github.com/strata-build/strata/frontend
package strata
