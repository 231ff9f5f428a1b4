// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/spell"
)

const (
	// fewFetches is how many files are fetched one by one: a tree for them costs
	// more than it saves.
	fewFetches = 4
	// bundleSize is how many files are fetched together. One that is missing costs
	// the others of its bundle a second attempt.
	bundleSize = 64
)

// errNoBundle says that files can't be fetched together.
var errNoBundle = errors.New("fetch the files together: they aren't alike")

// fetchTogether fetches many small files as one tree, so that BuildKit solves,
// keeps and opens one result and not hundreds. When any of them can't be had,
// nothing is known of the others.
func (f Fetcher) fetchTogether(ctx context.Context, requests []fetch.Request, answers []fetch.Answer) error {
	tree := bk.Scratch()
	var copies *bk.FileAction
	for i, req := range requests {
		if len(req.URLs) != 1 || req.Digest != "" {
			return errNoBundle
		}
		name := strconv.Itoa(i)
		st := httpFile(req.URLs[0], req, name)
		if copies == nil {
			copies = bk.Copy(st, "/"+name, "/"+name)
		} else {
			copies = copies.Copy(st, "/"+name, "/"+name)
		}
	}
	ref, err := f.Daemon.Solve(ctx, tree.File(copies, bk.WithCustomNamef("[internal] gather %s", spell.Count(len(requests), "file"))))
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(maxFetches)
	for i := range requests {
		group.Go(func() error {
			answers[i].Data, answers[i].Err = readFetched(ctx, ref, strconv.Itoa(i), requests[i])
			if answers[i].Err != nil || !isValid(requests[i], answers[i].Data) {
				answers[i].Data, answers[i].Err = f.fetch(ctx, requests[i])
			}
			return nil
		})
	}
	_ = group.Wait() // each answer has its own error
	return nil
}
