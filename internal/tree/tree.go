// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package tree is how a tree of files is looked into by those who don't have it:
// strategies and resolvers ask for what they name, and whoever has the tree, such
// as BuildKit behind the frontend, fetches just that.
package tree

import "context"

// Tree is a tree of files that is looked into. Names are absolute paths in it.
type Tree interface {
	// ReadFile returns a file's content; errors.Is(err, fs.ErrNotExist) when there
	// is none.
	ReadFile(ctx context.Context, name string) ([]byte, error)
	// ReadDir returns the names in a directory, sorted; none when there is no such
	// directory.
	ReadDir(ctx context.Context, dir string) ([]string, error)
}
