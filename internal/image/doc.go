// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package image names images and opens them, wherever they are.
//
// There is one notation for all places, see [Parse]: a registry, an OCI layout in
// a directory or an archive, an archive of docker's, and a docker engine. [Open]
// gives a [Source], which reads manifests and blobs by their descriptors, as raw
// bytes, and checks each against its digest and size: what is not as the
// descriptor says is an error, never a result. A blob is a stream; only
// manifests and configurations are ever whole in memory, and those have limits.
//
// What has no manifest of its own (an archive of docker's) gets one that depends
// on nothing but the archive.
package image
