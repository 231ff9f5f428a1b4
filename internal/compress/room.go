// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package compress

// Room is how many bytes may become of an archive of size bytes: more than of any that isn't
// made to fill a disk. A sparse file of a terabyte, or one of zeros, needs some hundred bytes.
func Room(size int64) int64 { return 1<<30 + 10_000*min(size, 1<<40) }
