// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// Stores opens exported stores while a plan is made.
type Stores interface {
	// Open opens a store. Of a local directory, only what matches one of the patterns
	// has to be there, which are .dockerignore's.
	Open(ctx context.Context, src *plan.StoreSource, patterns ...string) (tree.Tree, error)
	// Scan describes the paths of an on-disk store, as "nix-store --dump-db" would.
	// Their references are found in their files.
	Scan(ctx context.Context, src *plan.StoreSource, scan StoreScan) ([]byte, error)
	// Infos asks binary caches, in one step, for their descriptions of store paths and of
	// all that these refer to. It gives the texts by their addresses.
	Infos(ctx context.Context, ask StoreInfos) (map[string]string, error)
}

// StoreInfos says what binary caches are asked for.
type StoreInfos struct {
	// Target is the name of the target that the paths are for.
	Target        string
	Caches, Paths []string
}

// StoreScan says what to scan.
type StoreScan struct {
	// Dir is the directory of the source that has the paths.
	Dir string
	// Store is what the paths call their store.
	Store string
	// Content is the directory of each path that counts; empty for all of it.
	Content string
}
