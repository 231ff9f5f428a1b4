// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package resolve resolves packages of Alpine and Wolfi as apk does.
//
// Resolve takes the packages that are requested, the lists of an archive's
// packages, what is installed in the base and what was asked for there (its
// world), as internal/distro/alpine/index reads them, and answers with exact
// versions (a Solution), or with an error that says which name can't be had and
// why. Check looks at such an answer again with none of Resolve's code.
//
// The rules are those of apk-tools' own solver, which doesn't try alternatives:
// what is known narrows down what is possible until one package is left for a
// name, and where several are left the best is taken for good. So what apk add
// would do in the base is what comes out, and where apk would give up, so does
// this package. Two things differ on purpose: a name that only one package
// provides needs no provider_priority, as it didn't before apk-tools 3, and
// something without a version never fulfils a relation that names one.
//
// An index has no more of a package than the SHA-1 of its control segment. What
// has to go into a lock is found by Verify, which is given the package itself.
//
// The package opens no file and no connection; callers hand in bytes.
package resolve
