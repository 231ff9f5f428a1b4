// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package control reads the syntax of Debian's control data, which is the same
// in packages, in archives' lists of them and in dpkg's database: paragraphs of
// fields (deb822), relations between packages, and versions with their order.
//
// It knows nothing of where a text comes from and what follows from it: an
// archive's signed lists are read by internal/distro/debian/index, packages by
// internal/distro/debian/archive.
package control
