// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// metaFile is what Unpack writes about the packages of a group.
const metaFile = "packages.json"

// A Package is what of an unpacked package Install needs to know.
type Package struct {
	Info     *archive.Info    `json:"info"`
	Checksum string           `json:"checksum"`
	Size     int64            `json:"size"`
	Scripts  []archive.Script `json:"scripts,omitempty"`
	// Files are all that it has, folders before what is in them, by apk's paths.
	Files []File `json:"files,omitempty"`
}

// A File is one that a package has. Its owner counts by name if the image knows
// the name.
type File struct {
	archive.File
	// At is where it is in the image; apk's path may lead there through links.
	At    string `json:"at"`
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"`
}

// group is what one Unpack wrote.
type group struct {
	Packages []*Package `json:"packages"`
	// Conflicts are paths that two packages of the group have.
	Conflicts []unpack.Conflict `json:"conflicts,omitempty"`
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
