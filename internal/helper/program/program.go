// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package program is what the step helper's files are called. The frontend asks for
// them; its image, the command line and releases have them under these names.
package program

// Source is the name of the local source that brings the step helper when the
// frontend runs inside the command line. It holds one static binary for each
// architecture, named as [File] says.
const Source = "strata-step"

// File is the name of the step helper for an architecture (GOARCH).
func File(arch string) string { return Source + "-" + arch }
