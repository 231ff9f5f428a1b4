// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// A Package is what of an unpacked package Install needs to know.
type Package struct {
	Info     *control.Info    `json:"info"`
	Checksum string           `json:"checksum"`
	Size     int64            `json:"size"`
	Scripts  []archive.Script `json:"scripts,omitempty"`
	// Files are all that it has, directories before what is in them, by apk's paths.
	Files []File `json:"files,omitempty"`
}

// A File is one that a package has. Its owner counts by name if the image knows
// the name.
type File struct {
	control.File
	// At is where it is in the image; apk's path may lead there through links.
	At    string `json:"at"`
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"`
}

// group is what one Unpack wrote.
type group = unpack.Group[*Package]
