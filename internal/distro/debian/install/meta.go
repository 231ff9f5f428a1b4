// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// metaFile is what Unpack writes about the packages of a group.
const metaFile = "packages.json"

// A Package is what of an unpacked package the later steps need to know.
type Package struct {
	// Control is the package's own paragraph.
	Control archive.Paragraph `json:"control"`
	// Info is what its files in the database begin with.
	Info string `json:"info"`
	// Conffiles are its configuration files.
	Conffiles []Conffile `json:"conffiles,omitempty"`
	// Triggers is its file of triggers, and Preinst its script before unpacking.
	Triggers string `json:"triggers,omitempty"`
	Preinst  string `json:"preinst,omitempty"`
	// Files, Links and Folders are all that it has, by dpkg's names.
	Files   []string `json:"files,omitempty"`
	Links   []string `json:"links,omitempty"`
	Folders []Folder `json:"folders,omitempty"`
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
}

// A Folder is a folder that a package has.
type Folder struct {
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
type group struct {
	Packages []*Package `json:"packages"`
	// Conflicts are paths that two packages have as different things.
	Conflicts []unpack.Conflict `json:"conflicts,omitempty"`
	// Filters are the paths that weren't unpacked.
	Filters []string `json:"filters,omitempty"`
}

func (g *group) write(dir string) error {
	text, err := json.Marshal(g)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, metaFile), text, 0o644)
	}
	if err == nil {
		err = unpack.StampTree(dir)
	}
	if err != nil {
		return fmt.Errorf("write what is known of the packages: %w", err)
	}
	return nil
}

// readGroups reads what each Unpack wrote to its own folder below dir, in the
// order of the folders' names.
func readGroups(dir string) ([]*group, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*", metaFile))
	if err != nil {
		return nil, fmt.Errorf("list the unpacked packages: %w", err)
	}
	var groups []*group
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read what is known of the packages: %w", err)
		}
		g := &group{}
		if err := json.Unmarshal(text, g); err != nil {
			return nil, fmt.Errorf("read what is known of the packages: %w", err)
		}
		groups = append(groups, g)
	}
	return groups, nil
}
