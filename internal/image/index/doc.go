// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package index makes and changes indexes of images.
//
// An index is made of sources: images, or indexes whose entries are taken over with
// all that they say, whatever they describe. The platform of an image that no index
// describes is what its configuration says, never what the machine is; one that is
// not in Go's words, as x86_64, is an error, because no engine would find such an
// image. Attestations stay with the image that they are about. The result is a source as any other: copying it brings
// the children along, by digest, so that no tags are left behind.
package index
