// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package quirks is what is known of single packages of Debian. [Table] lists all
// of it: of whom, by which file it is known, what is done about it, what that
// saves, and what becomes of a package of which it isn't true. There are three
// things that are done:
//
//   - a shim stands in the PATH of maintainer scripts for a program and does the same
//     faster, or becomes that program;
//   - questions that are slow to ask, and always answered alike, are shortened while
//     dpkg runs;
//   - what scripts make differently in every run is settled afterwards, so that two
//     builds give the same bytes.
//
// On scratch scripts run without a shell, and programs of Java and OpenSSL can't: what
// they make of certificates is made here.
//
// hack/quirks says which entries the current release of an archive no longer
// matches.
package quirks
