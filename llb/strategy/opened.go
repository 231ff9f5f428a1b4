// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// opened is an image that package systems look into: the files that they always read
// come at once, and any other, such as a key that a source names, when it is read.
type opened struct {
	tree.Tree
	patterns []string
	look     func(ctx context.Context, name string) (tree.Tree, error)
}

// open opens a tree for package systems.
func (s *origin) open(ctx context.Context, p *plan.Plan, in plan.Tree) (tree.Tree, error) {
	looker := s.t.pass.req.Looker
	literal := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)
	first, err := looker.Look(ctx, p, in, s.patterns())
	if err != nil {
		return nil, err
	}
	return &opened{Tree: first, patterns: s.patterns(), look: func(ctx context.Context, name string) (tree.Tree, error) {
		return looker.Look(ctx, p, in, []string{literal.Replace(strings.TrimPrefix(name, "/"))})
	}}, nil
}

// ReadFile returns a file's content.
func (o *opened) ReadFile(ctx context.Context, name string) ([]byte, error) {
	data, err := o.Tree.ReadFile(ctx, name)
	clean := path.Join("/", name)
	if !errors.Is(err, fs.ErrNotExist) || slices.ContainsFunc(o.patterns, func(p string) bool {
		return clean == "/"+p || strings.HasPrefix(clean, "/"+p+"/")
	}) {
		return data, err
	}
	more, err := o.look(ctx, clean)
	if err != nil {
		return nil, err
	}
	return more.ReadFile(ctx, clean)
}
