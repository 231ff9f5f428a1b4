// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/inroot"
)

// above puts the directories and links that layers put on a base into its skeleton, which
// may be nil.
func above(skeleton *node, c call.Place) (*node, error) {
	if len(c.Directories)+len(c.Likely)+len(c.Links) == 0 {
		return skeleton, nil
	}
	if skeleton == nil {
		skeleton = newDirectory(plain())
	}
	for _, at := range slices.Sorted(maps.Keys(c.Links)) {
		dir, _, err := inroot.Follow(skeleton.look, path.Dir(at))
		if err != nil {
			return nil, fmt.Errorf("follow %s: %w", show(path.Dir(at)), err)
		}
		skeleton.ensure(dir).add(path.Base(at), &node{kind: inroot.Link, target: c.Links[at]})
	}
	for _, at := range slices.Sorted(maps.Keys(c.Links)) {
		if target, found, err := inroot.Follow(skeleton.look, at); err == nil && found == inroot.Absent {
			skeleton.ensure(target)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(c.Likely)) {
		to, found, err := inroot.Follow(skeleton.look, at)
		if err != nil {
			return nil, fmt.Errorf("follow %s: %w", show(at), err)
		}
		if found == inroot.Absent {
			skeleton.ensure(to).set(c.Likely[at])
		}
	}
	for _, at := range slices.Sorted(maps.Keys(c.Directories)) {
		to, _, err := inroot.Follow(skeleton.look, at)
		if err != nil {
			return nil, fmt.Errorf("follow %s: %w", show(at), err)
		}
		skeleton.ensure(to).set(c.Directories[at])
	}
	return skeleton, nil
}

// set gives a directory attributes; extended ones stay.
func (n *node) set(a call.Attributes) {
	n.kind, n.attrs.mode, n.attrs.uid, n.attrs.gid = inroot.Directory, a.Mode, a.UID, a.GID
}
