// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Unbuilt says what a build would find wrong with a plan before it runs anything, as far
// as the build file and the names in directories of the client tell: sources that aren't
// there, and files in each other's way. Nothing is built or pulled for it, and no file's
// content is sent.
func (t *Trees) Unbuilt(ctx context.Context, s *spec.Spec, p *plan.Plan) error {
	for _, img := range p.Images {
		for _, l := range img.Layers {
			for _, c := range l.Action.Copies() {
				if c.Pos.IsZero() {
					continue
				}
				if err := t.Absent(ctx, c); err != nil {
					return err
				}
			}
		}
	}
	opt := t.lowering
	known := &knownNames{world: t.names, local: map[bk.Output]plan.Tree{}}
	opt.Sources, opt.Prober = known, known
	_, err := llb.Lower(ctx, p, opt)
	if located := fault.Mistake(s, err); located != err { //nolint:errorlint // whether it is another value
		return located
	}
	return nil
}

// Absent is the fault of a build file that takes what isn't in a directory of the client;
// nil if it is there, or if the tree isn't one. Only names are sent for it.
func (t *Trees) Absent(ctx context.Context, c plan.Copy) error {
	if !t.names.isLocal(ctx, c.From) {
		return nil
	}
	e := fault.Explainer{Spec: t.spec, World: t.names, IgnoreFile: t.finder.daemon.ignoreFile}
	return e.Absent(ctx, c)
}

// namesWorld are the trees of a plan of which nothing but names is known.
type namesWorld struct {
	world
	mu    sync.Mutex
	lists map[string]func() fault.Lister
}

var _ fault.World = (*namesWorld)(nil)

// isLocal reports whether a tree is a directory of the client.
func (n *namesWorld) isLocal(ctx context.Context, in plan.Tree) bool {
	var st bk.State
	switch {
	case in.Kind == plan.Main:
		main, err := n.trees.finder.daemon.UI.MainContext(ctx)
		if err != nil {
			return false
		}
		st = *main
	case in.Kind == plan.Context || in.Kind == plan.Registry && n.trees.IsDirectory(in):
		named, err := n.trees.Tree(ctx, in)
		if err != nil {
			return false
		}
		st = named
	default:
		return false
	}
	def, err := n.trees.finder.daemon.Marshal(ctx, st)
	return err == nil && isLocal(def)
}

// List lists a directory of the client by its names.
func (n *namesWorld) List(ctx context.Context, in plan.Tree, ignored bool) fault.Lister {
	if ignored {
		return n.trees.List(ctx, in, true)
	}
	if in.Kind == plan.Main {
		in.Name = ""
	}
	n.mu.Lock()
	list, ok := n.lists[in.Name]
	if !ok {
		list = sync.OnceValue(func() fault.Lister { return n.trees.finder.names(ctx, in.Name) })
		n.lists[in.Name] = list
	}
	n.mu.Unlock()
	return list()
}

// knownNames looks into states of which nothing but names is known.
type knownNames struct {
	world *namesWorld
	// local are the trees whose states are directories of the client.
	local map[bk.Output]plan.Tree
}

var (
	_ llb.Sources  = (*knownNames)(nil)
	_ place.Prober = (*knownNames)(nil)
)

// errUnbuilt says that something would have to be built, pulled or sent.
var errUnbuilt = errors.New("it isn't built")

// Tree returns the state of a tree, and notes which it is.
func (k *knownNames) Tree(ctx context.Context, in plan.Tree) (bk.State, error) {
	st, err := k.world.trees.Tree(ctx, in)
	if err == nil && st.Output() != nil && k.world.isLocal(ctx, in) {
		k.local[st.Output()] = in
	}
	return st, err
}

// List lists a directory of a tree.
func (k *knownNames) List(ctx context.Context, st bk.State, dir string) ([]*fstypes.Stat, error) {
	in, ok := k.local[st.Output()]
	if !ok {
		return nil, errUnbuilt
	}
	list := k.world.List(ctx, in, false)
	if list == nil {
		return nil, errUnbuilt
	}
	at, err := list.Follow(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	stats, err := list(strings.TrimPrefix(at, "/"))
	if err == nil && len(stats) == 0 && at != "/" && !list.IsDirectory(at) {
		return nil, fs.ErrNotExist
	}
	return stats, err
}

// Open opens the empty tree, and no other: no content is known.
func (*knownNames) Open(_ context.Context, st bk.State) (tree.Tree, error) {
	if st.Output() == nil {
		return &openTree{}, nil
	}
	return nil, errUnbuilt
}
