// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

// Maker is a system that knows of packages whose maintainer scripts make what no image
// should have.
type Maker interface {
	// MadeByScript is what the scripts of a package make; nothing for others.
	MadeByScript(name string) Made
}

// Made are paths in the image that a script makes; empty for none.
type Made struct {
	// Key is a key that is secret, or a pattern of several.
	Key string
	// Data is the data directory of a service.
	Data string
}
