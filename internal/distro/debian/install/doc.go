// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package install puts Debian's packages into an image, as dpkg would and with its
// database, but in two halves that dpkg doesn't separate:
//
//   - Unpack writes the files of a group of packages into a layer of their own.
//     It needs nothing of the image they are for, so it runs beside everything
//     else, on the build's own processor, and its result is good for every base;
//   - Check looks at a base and tells whether that is as good there as what dpkg
//     would have done; where it isn't, Native lets the base's own tool do it all;
//   - Register enters the unpacked packages in the base's database and lets the
//     base's dpkg configure them.
//
// The names of files follow dpkg's manual and source; the layout of the database
// is version 2.x's.
package install
