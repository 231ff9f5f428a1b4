// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package archive reads Alpine's packages, in the format of apk-tools 2, which
// Alpine and Wolfi publish.
//
// A package is two or three gzip streams one after the other: signatures, the
// control segment (.PKGINFO and scripts) and the files. An index lists packages
// by the SHA-1 of their control segment, which in turn has the SHA-256 of the
// files: so one signature on the index holds for all.
//
// It is strict, because what it reads decides what is written as root, and it
// writes nothing; see internal/distro/alpine/install for that.
package archive
