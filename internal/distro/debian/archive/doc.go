// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package archive reads Debian's binary packages: an ar archive of a version, a
// tar archive with what dpkg keeps of the package, and one with its files.
//
// It is strict, because what it reads decides what is written as root: an
// archive with a member too many, a name that leads out of the root or a field
// that a file name is made of and that isn't one is an error, not a guess. It
// writes nothing; see internal/distro/debian/install for that.
package archive
