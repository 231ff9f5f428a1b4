// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package resolve resolves packages of Debian and its relatives as apt does.
//
// An archive is a signed list of files (Release), some of which list packages
// (an Index). A base image has a list of what is installed (a Status). Resolve
// takes the names somebody wants, the indexes and the status, and answers with
// exact versions, their files and their sha256 (a Solution), or with an error
// that says which name could not be had and why. Check looks at such an answer
// again with none of Resolve's code.
//
// The rules are those of apt 2.6's own resolver, not of a general solver: who
// is asked first, what gives way, when apt gives up. So what apt-get install
// would do in the base is what comes out, and hack/apt-oracle holds the two
// together on a real archive. Where apt decides by the accident of which name
// its cache met first, so does this package, and says so in Solution.Ties.
//
// The package opens no file, no connection and no clock: callers hand in bytes
// and, where expiry counts, a time. Packages of one architecture are resolved
// at a time; a wish for a foreign one is an error. Phased updates of Ubuntu
// are taken like any other version: apt does the same in a build that must be
// reproducible.
package resolve
