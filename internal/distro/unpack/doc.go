// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package unpack writes the files of packages into a layer of their own, whatever
// the packages' format. It is where an archive's paths, links and sizes are not
// believed: nothing is written through a link, no device is made, and what is
// much larger than it says is not unpacked.
package unpack
