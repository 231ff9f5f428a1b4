// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"context"

	"github.com/strata-build/strata/internal/tree"
)

// Tool lets the base's own program install packages. Strata doesn't resolve them,
// so there is nothing to lock.
type Tool interface {
	// Command is what installs packages in a base.
	Command(ctx context.Context, r ToolRequest) (*Command, error)
}

// ToolRequest says what a base's own program installs.
type ToolRequest struct {
	Base  tree.Tree
	Names []string
	// Recommends asks for what packages recommend, too.
	Recommends bool
	// SkipScripts leaves maintainer scripts out.
	SkipScripts bool
}

// Command runs in an image.
type Command struct {
	Args []string
	// Caches are directories that are kept between builds.
	Caches []Cache
	// Memory are directories whose content isn't kept.
	Memory []string
}

// Cache is a directory that is kept between builds.
type Cache struct{ Path, Name string }
