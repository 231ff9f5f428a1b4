// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package resolve resolves packages of Debian and its relatives as apt does.
//
// Resolve takes the packages that are requested, the lists of an archive's
// packages and what is installed in the base, as internal/distro/debian/index
// reads them, and answers with exact versions, their files and their sha256 (a
// Solution), or with an error that says which name can't be had and why. Check
// looks at such an answer again with none of Resolve's code.
//
// The rules are those of apt 2.6's own resolver, not of a general solver: who
// is asked first, what gives way, when apt gives up. So what apt-get install
// would do in the base is what comes out, and hack/apt-oracle holds the two
// together on a real archive. Where apt decides by the accident of which name
// its cache met first, so does this package, and says so in Solution.Ties.
//
// Packages of foreign architectures are taken where the base takes them, by
// Request.Foreign. Phased updates of Ubuntu
// are taken like any other version: apt does the same in a build that must be
// reproducible.
package resolve
