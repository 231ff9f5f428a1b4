// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
)

// What a [Request] is given can be implemented outside of this module by these
// names.
type (
	// Tree is what of a tree of files a [Looker] has opened.
	Tree = tree.Tree
	// Fetcher fetches what resolvers read, as one [FetchAnswer] for each [FetchRequest].
	Fetcher = fetch.Fetcher
	// FetchRequest is one file that a resolver reads.
	FetchRequest = fetch.Request
	// FetchAnswer is what came of it.
	FetchAnswer = fetch.Answer
	// System is a package system.
	System = distro.System
)
