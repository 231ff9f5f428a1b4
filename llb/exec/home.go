// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"context"
	"path"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// settleHome finds the home directory of the command's user, if a cache is in it, and
// puts it into the caches and the environment. It returns the command's root with the
// directories above those caches, which belong to the user: a mount would make them
// root's.
func (c *Command) settleHome(ctx context.Context, root bk.State) (bk.State, error) {
	c.caches, c.env = slices.Clone(c.action.Cache), slices.Concat(c.action.Env, c.action.ToolEnv)
	if !slices.ContainsFunc(c.caches, func(m plan.Cache) bool { return isInHome(m.Target) }) {
		return root, nil
	}
	user, _, _ := strings.Cut(c.action.User, ":")
	home, err := place.Home(ctx, c.runner.Prober, root, user)
	if err != nil {
		return bk.State{}, err
	}
	for i, kv := range c.action.ToolEnv {
		if name, value, _ := strings.Cut(kv, "="); isInHome(value) {
			c.env[len(c.action.Env)+i] = name + "=" + inHome(home, value)
		}
	}
	var fa *bk.FileAction
	for i := range c.caches {
		m := &c.caches[i]
		if !isInHome(m.Target) {
			continue
		}
		if m.ID == m.Target {
			m.ID = inHome(home, m.ID)
		}
		m.Target = inHome(home, m.Target)
		fa = op.Then(fa).Mkdir(path.Dir(m.Target), 0o755, bk.WithParents(true), bk.WithUIDGID(c.uid, c.gid), bk.WithCreatedTime(op.FileTime()))
	}
	if c.chown() == nil || !c.action.Out && c.runner.Chain {
		return root, nil
	}
	return op.Restart(root.File(fa, bk.WithCustomName("[internal] make mount points"))), nil
}

func isInHome(p string) bool { return strings.HasPrefix(p, plan.Home+"/") }

func inHome(home, p string) string { return path.Join(home, strings.TrimPrefix(p, plan.Home)) }
