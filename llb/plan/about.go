// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

// About is what the build file says of something that is fetched or built, for the list
// of the image's contents. What it leaves out is empty.
type About struct {
	// PURL is a package URL.
	PURL string `json:"purl,omitempty"`
	// License is an SPDX licence expression.
	License string `json:"license,omitempty"`
	Version string `json:"version,omitempty"`
	// Supplier is a name, or "Person: …" or "Organization: …".
	Supplier string `json:"supplier,omitempty"`
	// Contains are further packages that are in it.
	Contains []About `json:"contains,omitempty"`
}
