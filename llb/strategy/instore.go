// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// storeNames are the names of the store paths that an image is known to have: those of
// its layers, and those that its base has. A command that changed the image may have
// taken any away that were there before it.
func (p *planner) storeNames(ctx context.Context, img *plan.Image, dir string) (map[string]bool, error) {
	has := map[string]bool{}
	for {
		if commanded := addStored(has, img.Layers, dir); commanded {
			return has, nil
		}
		if img.From.Kind != plan.Target {
			return has, p.addBaseStore(ctx, has, img.From, dir)
		}
		img = p.plan.Image(img.From.Name, img.From.Platform)
	}
}

// addStored adds the store paths of layers, from the last one back to a command that
// changed the image; commanded reports whether there is one.
func addStored(has map[string]bool, layers []plan.Layer, dir string) (commanded bool) {
	for i := len(layers) - 1; i >= 0; i-- {
		if isCommand(layers[i]) {
			return true
		}
		if a, ok := layers[i].Action.(*plan.Store); ok && a.Dir == dir {
			for _, item := range a.Items {
				name, _, _ := strings.Cut(item.Name, "/")
				has[name] = true
			}
		}
	}
	return false
}

// isCommand reports whether a layer is what a command changed in the image.
func isCommand(l plan.Layer) bool {
	a, ok := l.Action.(*plan.Exec)
	return ok && !a.Merges()
}

// addBaseStore adds the names in the store of a base. Only the names are taken for the
// look: what is in the paths isn't wanted.
func (p *planner) addBaseStore(ctx context.Context, has map[string]bool, base plan.Tree, dir string) error {
	if base.Kind == plan.Scratch || p.req.Looker == nil {
		return nil
	}
	below := strings.TrimPrefix(dir, "/")
	tree, err := p.req.Looker.Look(ctx, p.plan, base, []string{below + "/*", "!" + below + "/*/*"})
	if err != nil {
		return fmt.Errorf("look which store paths %s has: %w", base.Words(), err)
	}
	names, err := tree.ReadDir(ctx, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look which store paths %s has: %w", base.Words(), err)
	}
	for _, name := range names {
		has[name] = true
	}
	return nil
}
