// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// metaFile is what is written about the packages of a group.
const metaFile = "packages.json"

// A Group is what is known of packages that were unpacked together, for the steps
// that install them.
type Group[P any] struct {
	Packages []P `json:"packages"`
	// Conflicts are paths that two packages of the group have as different things.
	Conflicts []Conflict `json:"conflicts,omitempty"`
	// Filters are the paths that weren't unpacked.
	Filters []string `json:"filters,omitempty"`
}

// Write writes the group into the empty directory dir.
func (g *Group[P]) Write(dir string) error {
	text, err := json.Marshal(g)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, metaFile), text, 0o644)
	}
	if err == nil {
		err = StampTree(dir)
	}
	if err != nil {
		return fmt.Errorf("write what is known of the packages: %w", err)
	}
	return nil
}

// ReadGroups reads groups that were written to directories of their own below dir,
// in the order of the directories' names. Where dir isn't there, nothing was unpacked.
func ReadGroups[P any](dir string) ([]*Group[P], error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the unpacked packages: %w", err)
	}
	var groups []*Group[P]
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name(), metaFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue // no Unpack wrote there
		}
		if err != nil {
			return nil, fmt.Errorf("read what is known of the packages: %w", err)
		}
		g := &Group[P]{}
		if err := json.Unmarshal(text, g); err != nil {
			return nil, fmt.Errorf("read what is known of the packages: %w", err)
		}
		groups = append(groups, g)
	}
	return groups, nil
}
