// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"sync"

	"github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// look looks into the layers of an image that was built: names that mean deletions are
// an error, and what is odd is warned of.
func look(ctx context.Context, r *request, s *spec.Spec, p *plan.Plan, trees *source.Trees, lowered *llb.Result) error {
	var found [3][]*spec.Error
	skips := r.warnings.config.Skips
	group, looking := errgroup.WithContext(ctx)
	group.Go(func() error { return refuseDeletions(looking, r.daemon, s, p, trees, lowered) })
	opened := &openedTrees{daemon: r.daemon, refs: map[*plan.Layer]func() (client.Reference, error){}}
	group.Go(func() error { found[0] = empty(looking, opened, s, lowered, skips); return nil })
	group.Go(func() (err error) { found[1], err = made(looking, r.daemon, s, lowered, opened, skips); return err })
	group.Go(func() (err error) { found[2], err = replaced(looking, r.daemon, s, lowered); return err })
	if err := group.Wait(); err != nil {
		return err
	}
	each(slices.Concat(found[:]...), r.warnings.at(ctx))
	return nil
}

// openedTrees are the trees of layers that were opened to look into them, each once.
type openedTrees struct {
	daemon *source.Daemon
	mu     sync.Mutex
	refs   map[*plan.Layer]func() (client.Reference, error)
}

// tree is that of a layer; nil where it is empty from the start.
func (o *openedTrees) tree(ctx context.Context, of llb.Shipped) (client.Reference, error) {
	o.mu.Lock()
	open, ok := o.refs[of.Layer]
	if !ok {
		open = sync.OnceValues(func() (client.Reference, error) { return o.daemon.Solve(ctx, of.State) })
		o.refs[of.Layer] = open
	}
	o.mu.Unlock()
	return open()
}

// foundIn are the indexes of the trees that a look found something in, in order.
func foundIn(ctx context.Context, ref client.Reference) ([]int, error) {
	stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: "/"})
	if err != nil {
		return nil, fmt.Errorf("look into trees: %w", err)
	}
	found := make([]int, len(stats)) // with -1 for nothing
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, st := range stats {
		group.Go(func() error {
			tree, err := strconv.Atoi(path.Base(st.Path))
			if err != nil {
				return fmt.Errorf("look into trees: %w", err)
			}
			in, err := ref.ReadDir(looking, client.ReadDirRequest{Path: llb.Part(tree)})
			if err != nil {
				return fmt.Errorf("look into trees: %w", err)
			}
			if found[i] = tree; len(in) == 0 {
				found[i] = -1
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.Sort(found)
	return slices.DeleteFunc(found, func(tree int) bool { return tree < 0 }), nil
}
