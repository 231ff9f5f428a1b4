// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package report says what a build made, layer by layer.
//
// What is known of a layer comes from three sides. The plan says which layers
// there are, and which steps make each of them. The stream of the build's status,
// gathered by [Steps], says which of those ran, and for how long. The image that
// was exported says what came out: digests and sizes, and the files if its layers
// are read. An output that is not an image leaves the third side empty.
package report
