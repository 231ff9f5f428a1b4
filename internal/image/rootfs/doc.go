// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package rootfs flattens the layers of an image into one root file system, and
// writes that as a directory, an archive, or an image that a kernel mounts.
//
// [Flatten] reads each layer once, several side by side. What the entries say
// stays in memory; the bodies of files go to temporary files without a name, as
// they come. Then the entries are applied layer by layer, as OCI's image
// specification has it: within a layer first the whiteouts, which hide only
// what lower layers left, then the rest in the archive's order. So where in a
// layer a whiteout stands makes no difference.
//
// [Unpack] does the same for one directory, and lets each body be a file of that
// directory from the beginning.
//
// A [Tree] lists its entries sorted by path, directories before what is in them, so
// the same layers give the same bytes whatever order their archives are in.
//
// No path leads out of the root: ".." and links stop at the top, as they do for
// a process whose root it is.
package rootfs
