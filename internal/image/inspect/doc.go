// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package inspect tells what is in an image.
//
// It reads the manifest and the configuration, and each layer once, from front to
// end: sizes, digests, how many files of which kind. The layers one after the
// other give a tree, in which each file knows its layer, so that a file that a
// later layer replaces or deletes is found: its bytes are carried along for
// nothing. What a layer installs is read from the package databases in it, and
// from the names of its store paths.
package inspect
