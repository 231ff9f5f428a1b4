// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package diff tells how two images differ: in their manifests and
// configurations, in their layers, and in the files that a container would see.
//
// [Compare] compares images or indexes platform by platform. What is equal by
// its digest is equal: of two images with the same layers no layer is read, and
// a layer that both have is read once. Files are compared as they are when all
// layers are applied.
package diff
