// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package transfer copies images from one place to another, byte for byte.
//
// A copy is a list of what the image needs, then its way: first the blobs,
// concurrently, then the manifests, each after those that it names, and the name last.
// So a copy that ends early leaves a place as whole as it was. What is there
// already is not read again; that an index is there proves nothing of what it lists.
// Manifests are never changed, which keeps every digest, with two exceptions about
// docker: see [image.Source.Compressed] and [image.Source.WithoutZstd].
//
// An archive is written in any order, because where each blob goes in it is known
// from the descriptors before the first byte arrives.
package transfer
