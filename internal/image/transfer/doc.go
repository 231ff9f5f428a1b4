// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package transfer copies images from one place to another, byte for byte.
//
// A copy is a list of what the image needs, then its way: first the blobs, side
// by side, then the manifests, each after those that it names, and the name last.
// So a copy that ends early leaves a place as whole as it was. What is there
// already is not read again. Manifests are never changed, which keeps
// every digest; the one exception is an image out of docker's archive, which has
// no manifest to keep, see [image.Source.Compressed].
//
// An archive is written in any order, because where each blob goes in it is known
// from the descriptors before the first byte arrives.
package transfer
