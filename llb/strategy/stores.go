// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"

	"github.com/strata-build/strata/llb/plan"
)

// Stores opens exported stores while a plan is made.
type Stores interface {
	// Open opens a store. Of a local folder, only what matches one of the patterns
	// has to be there, which are .dockerignore's.
	Open(ctx context.Context, src *plan.StoreSource, patterns ...string) (Folder, error)
	// Scan looks for references in the paths of the on-disk store at dir, a folder
	// of the source, from roots on. It returns what "nix-store --dump-db" would.
	Scan(ctx context.Context, src *plan.StoreSource, dir string, roots []string) ([]byte, error)
}

// Folder is an open store. Paths are absolute. What isn't there is an error that
// satisfies errors.Is(err, fs.ErrNotExist).
type Folder interface {
	Names(ctx context.Context, dir string) ([]string, error)
	Read(ctx context.Context, file string) ([]byte, error)
}
