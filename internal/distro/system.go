// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package distro is what Strata wants to know of a package system, and what all
// of them share.
//
// A [System] is one of them. It recognizes its bases, and either resolves packages
// itself, as [Archives] does, and has [Steps] that unpack and install them, or it
// lets the base's own [Tool] install them. A directory below this one implements
// one system, and package systems lists them all. Nothing here knows BuildKit or
// the build file: who plans a build translates.
package distro

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/strata-build/strata/internal/tree"
)

// System is one package system. It is an [Archives] with [Steps], or a [Tool].
type System interface {
	// Facts are what is so wherever the system is met.
	Facts() Facts
	// Detect reports whether a base has packages of the system. The files are those
	// of the base that match the patterns of the facts.
	Detect(ctx context.Context, base tree.Tree) (bool, error)
}

// Facts are what is always so for a package system.
type Facts struct {
	// Type is what the build file and the lock call its repositories, and the
	// extension of its package files, without the dot.
	Type string
	// Name is what people call the system.
	Name string
	// Patterns are the files of a base that the system reads while it resolves, as
	// .dockerignore patterns.
	Patterns []string
	// FollowsLinks says that packages are unpacked to where the links of the image
	// lead, so that unpacking has to know the image's directories and links.
	FollowsLinks bool
	// Divides says that unpacking can divide its packages' files among several
	// layers.
	Divides bool
	// Checks says that the base is looked at before packages are registered in it, as
	// it may have to install them itself.
	Checks bool
	// Judged are the files of a base that the look reads, as patterns of path.Match; of
	// others it wants to know that they are there, and what they are.
	Judged []string
	// Licenses returns the file of an image with the licences of a package; nil where
	// packages bring none.
	Licenses func(name string) string
	// Holds says that a base can hold packages, which then don't change unless the
	// build file says so.
	Holds bool
	// Recommends says that packages recommend others, which come only if that is asked for.
	Recommends bool
	// Conffiles says that packages have configuration files of which those that are
	// there can be kept.
	Conffiles bool
	// Encode is a path below a repository's address as it is asked for; nil where it is
	// asked for as it stands in the index.
	Encode func(path string) string
	// RecordsNames says that the database keeps the names that were asked for apart
	// from what these need.
	RecordsNames bool
	// RootLinks are the links to directories that the root of an image on scratch has
	// once packages are in it, by their paths, whatever packages they are.
	RootLinks map[string]string
}

// Address is where a package can be had, by a repository's address and its path.
func (f Facts) Address(uri, path string) string {
	if f.Encode != nil {
		path = f.Encode(path)
	}
	return strings.TrimSuffix(uri, "/") + "/" + path
}

// Find returns the system whose repositories have a type, or nil.
func Find(systems []System, kind string) System {
	for _, s := range systems {
		if s.Facts().Type == kind {
			return s
		}
	}
	return nil
}

// Detect returns the first system that a base has packages of, or nil.
func Detect(ctx context.Context, systems []System, base tree.Tree) (System, error) {
	for _, s := range systems {
		found, err := s.Detect(ctx, base)
		if err != nil {
			return nil, fmt.Errorf("look for packages of %s: %w", s.Facts().Name, err)
		}
		if found {
			return s, nil
		}
	}
	return nil, nil //nolint:nilnil // no system is an answer, too
}

// HasFile reports whether there is a file of one of these names.
func HasFile(ctx context.Context, files tree.Tree, names ...string) (bool, error) {
	for _, name := range names {
		_, err := files.ReadFile(ctx, name)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}
