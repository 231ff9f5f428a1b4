// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package helper is the work that has to be done inside a build step, where
// LLB's own operations can't see or can't say enough. A layer of Strata is
// made apart from its base and merged onto it later, and a merged directory
// replaces what the base has at its path: a symbolic link such as
// /bin -> usr/bin, the mode of /tmp, the owner of a home. So
//
//   - skeleton reduces a base to the links and directories that a layer has to
//     respect. Two bases with the same peculiarities have the same skeleton,
//     and BuildKit's cache then takes one for the other;
//   - place copies a tree into a layer as that skeleton wants it;
//   - store puts paths into a Nix store: archives, or trees that become archives
//     on the way, each checked against its hash;
//   - scan finds out what the paths of such a store refer to;
//   - link makes links to what is in such paths;
//   - run wraps a command that changes the image in place, and sets the times
//     of all it touched to 1970, so that two runs give one digest.
//
// A path in a message is the path in the image, not the one of a mount.
package helper
