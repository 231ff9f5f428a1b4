// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package install puts Debian's packages into an image, as dpkg would and with its
// database, but in two halves that dpkg doesn't separate. The first needs nothing of
// the image, so it runs beside everything else, on the build's own processor, and its
// result is good for every base:
//
//   - Unpack (unpack*.go) writes the files of a group of packages into a layer of their
//     own, and what is known of the packages beside it.
//
// The second makes them installed, in one of three ways:
//
//   - Register (register*.go) enters the unpacked packages in the base's database and
//     lets the base's dpkg configure them. Check (check*.go) says whether that is as
//     good as what dpkg would have done;
//   - Native (native.go), where it isn't, lets the base's own tool do it all;
//   - Assemble (assemble*.go), on scratch, follows the scripts, and does what their
//     commands would do.
//
// What the ways share is in image.go, commands.go and database.go; what is known of
// single packages is in the package quirks.
//
// The names of files follow dpkg's manual and source; the layout of the database
// is version 2.x's.
package install
