// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package install puts packages of Alpine and Wolfi into an image, as apk would
// and with its database, but in two halves that apk doesn't separate:
//
//   - Unpack writes the files of a group of packages into a layer of their own.
//     Of the image they are for it needs nothing but the directories and links, so
//     that a base whose /lib is a link gets its files where that leads;
//   - Install enters the unpacked packages in the image's database, takes away
//     what they replace, and runs the maintainer scripts. It doesn't need apk.
//
// The layout of the database, the scripts' arguments and the way triggers fire
// are those of apk-tools 2.14.
package install
