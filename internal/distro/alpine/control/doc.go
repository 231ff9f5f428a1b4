// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package control reads what apk says of packages, in the formats of apk-tools 2:
// .PKGINFO in a package, and the records of indexes and of the database of what
// is installed, which have the same fields, a letter each; relations between
// packages, versions with their order, and checksums.
//
// It is strict, because what it reads decides what is written as root.
package control
