// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package xz reads the part of the xz format that packages use: streams of blocks
// with the one filter LZMA2. It is written for speed, because decompressing is
// most of the work of unpacking packages: a chunk of input is read at once, so
// that the range decoder works on a slice, and the output is its own dictionary.
//
// The format is that of "The .xz File Format" 1.2 and of the LZMA specification
// in the LZMA SDK. Every check that a stream has is checked.
package xz
