// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/place"
)

// prober looks into states by solving them. A state is solved once, however
// often it is looked into.
type prober struct {
	daemon *Daemon
	mu     sync.Mutex
	refs   map[bk.Output]func() (client.Reference, error)
}

var _ place.Prober = (*prober)(nil)

func newProber(d *Daemon) *prober {
	return &prober{daemon: d, refs: map[bk.Output]func() (client.Reference, error){}}
}

// List returns what is in a directory of a state.
func (p *prober) List(ctx context.Context, st bk.State, dir string) ([]*fstypes.Stat, error) {
	ref, err := p.ref(ctx, st)
	if err != nil || ref == nil {
		return nil, err
	}
	stats, err := ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
	return stats, p.failure(ctx, st, fault.NotExist(err))
}

// failure is what kept a state from being looked into: it may have been built for that.
func (p *prober) failure(ctx context.Context, st bk.State, err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	def, marshalled := p.daemon.Marshal(ctx, st)
	if marshalled != nil {
		return err
	}
	return fault.OfGraph(err, def)
}

// ref solves a state; it is nil for the empty state. Platforms that are built
// side by side don't wait for each other.
func (p *prober) ref(ctx context.Context, st bk.State) (client.Reference, error) {
	p.mu.Lock()
	solve, ok := p.refs[st.Output()]
	if !ok {
		solve = sync.OnceValues(func() (client.Reference, error) { return p.daemon.Solve(ctx, st) })
		p.refs[st.Output()] = solve
	}
	p.mu.Unlock()
	return solve()
}

// Open opens a state to look into it.
func (p *prober) Open(ctx context.Context, st bk.State) (tree.Tree, error) {
	ref, err := p.ref(ctx, st)
	if err != nil {
		return nil, err
	}
	return &openTree{ref: ref}, nil
}

// readFile reads a file of a state.
func (p *prober) readFile(ctx context.Context, st bk.State, file string) ([]byte, error) {
	open, err := p.Open(ctx, st)
	if err != nil {
		return nil, err
	}
	return open.ReadFile(ctx, file)
}

// openTree is a tree that was looked into; it has no ref when it is empty.
type openTree struct{ ref client.Reference }

// ReadFile returns a file's content.
func (o *openTree) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if o.ref == nil {
		return nil, fs.ErrNotExist
	}
	data, err := ReadWhole(ctx, o.ref, name)
	return data, fault.NotExist(err)
}

// ReadDir returns the names in a directory.
func (o *openTree) ReadDir(ctx context.Context, dir string) ([]string, error) {
	if o.ref == nil {
		return nil, nil
	}
	stats, err := o.ref.ReadDir(ctx, client.ReadDirRequest{Path: dir})
	if err = fault.NotExist(err); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(stats))
	for _, st := range stats {
		names = append(names, path.Base(st.Path))
	}
	slices.Sort(names)
	return names, err
}
