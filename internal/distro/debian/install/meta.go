// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// A Package is what of an unpacked package the later steps need to know.
type Package struct {
	// Control is the package's own paragraph.
	Control control.Paragraph `json:"control"`
	// Info is what its files in the database begin with.
	Info string `json:"info"`
	// Conffiles are its configuration files.
	Conffiles []Conffile `json:"conffiles,omitempty"`
	// Triggers is its file of triggers, and Preinst its script before unpacking.
	Triggers string `json:"triggers,omitempty"`
	Preinst  string `json:"preinst,omitempty"`
	// Files, Links and Directories are all that it has, by dpkg's names.
	Files       []string    `json:"files,omitempty"`
	Links       []string    `json:"links,omitempty"`
	Directories []Directory `json:"directories,omitempty"`
	// Owners are the names of owners that aren't root; dpkg goes by the name if
	// the base knows it.
	Owners []Owner `json:"owners,omitempty"`
}

// Name is the package's.
func (p *Package) Name() string { return p.Control.Get("Package") }

// A Conffile is a configuration file that the user may change.
type Conffile struct {
	Path string `json:"path"`
	// MD5 is in hexadecimal.
	MD5 string `json:"md5"`
	// Removed says that older versions had it, and that the package doesn't.
	Removed bool `json:"removed,omitempty"`
}

// A Directory is a directory that a package has.
type Directory struct {
	Path string `json:"path"`
	Mode uint32 `json:"mode"`
	UID  int    `json:"uid,omitempty"`
	GID  int    `json:"gid,omitempty"`
}

// An Owner is a user's or a group's name with the number it was packed with.
type Owner struct {
	Group bool   `json:"group,omitempty"`
	Name  string `json:"name"`
	ID    int    `json:"id"`
}

// group is what one Unpack wrote.
type group = unpack.Group[*Package]
