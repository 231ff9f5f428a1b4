// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// planInputs reads the source and the read-only mounts. What a command takes is
// for the platform it runs on.
func (c *command) planInputs(ctx context.Context) error {
	if c.b.Source.IsSet() {
		p, err := c.t.read.source(c.b.Source)
		if err != nil {
			return err
		}
		c.out.Source = &plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: c.b.Source.Pos}, Path: p, Pos: c.b.Source.Pos}
	}
	for i := range c.b.Mounts {
		m := &c.b.Mounts[i]
		target, err := c.mountTarget(m.Target)
		if err != nil {
			return err
		}
		mount := plan.Mount{Target: target, Copy: plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: m.Target.Pos}, Pos: m.Source.Pos}}
		if m.From.IsSet() {
			if mount.From, _, err = c.t.use(ctx, m.From, c.out.Platform); err != nil {
				return err
			}
		}
		if mount.Path, err = c.t.read.source(m.Source); err != nil {
			return err
		}
		c.out.Mounts = append(c.out.Mounts, mount)
	}
	return nil
}

// mountTarget reads where something is mounted.
func (c *command) mountTarget(s spec.String) (string, error) {
	p, _, err := c.t.read.dest(s)
	if err == nil && p == "/" {
		err = c.t.read.errorf(s.Pos, "nothing can be mounted over the root")
	}
	return p, err
}

// planMounts reads caches, tmpfs, secrets and agents.
func (c *command) planMounts(ctx context.Context) error {
	if err := c.planCaches(ctx); err != nil {
		return err
	}
	for _, step := range []func() error{c.planTmpfs, c.planSecrets, c.planSSH} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) planCaches(ctx context.Context) error {
	for i := range c.b.Cache {
		out, err := c.planCache(ctx, &c.b.Cache[i])
		if err != nil {
			return err
		}
		c.out.Cache = append(c.out.Cache, out)
	}
	return nil
}

func (c *command) planCache(ctx context.Context, m *spec.Cache) (plan.Cache, error) {
	target, err := c.mountTarget(m.Target)
	if err != nil {
		return plan.Cache{}, err
	}
	out := plan.Cache{Target: target, ID: target, Sharing: "shared", ReadOnly: m.ReadOnly}
	if m.ID.IsSet() {
		if out.ID, err = c.t.read.expand(m.ID); err != nil {
			return out, err
		}
	}
	if m.Sharing.IsSet() {
		if out.Sharing, err = c.t.read.expand(m.Sharing); err != nil {
			return out, err
		}
	}
	if out.Sharing != "shared" && out.Sharing != "private" && out.Sharing != "locked" {
		return out, c.t.read.errorf(m.Sharing.Pos, "%q is not a sharing mode; want shared, private or locked", out.Sharing)
	}
	if out.Owner, err = c.t.read.owner(m.Owner); err != nil {
		return out, err
	}
	if out.Mode, err = c.t.read.mode(m.Mode); err != nil {
		return out, err
	}
	out.Seed, err = c.planSeed(ctx, m)
	return out, err
}

// planSeed reads what a cache holds at first; nil for nothing.
func (c *command) planSeed(ctx context.Context, m *spec.Cache) (*plan.Copy, error) {
	if !m.From.IsSet() {
		return nil, nil //nolint:nilnil // a cache that starts empty is one, too
	}
	from, _, err := c.t.use(ctx, m.From, c.out.Platform)
	if err != nil {
		return nil, err
	}
	p, err := c.t.read.source(m.Source)
	return &plan.Copy{From: from, Path: p, Pos: m.Source.Pos}, err
}

func (c *command) planTmpfs() error {
	for i := range c.b.Tmpfs {
		m := &c.b.Tmpfs[i]
		target, err := c.mountTarget(m.Target)
		if err != nil {
			return err
		}
		out := plan.Tmpfs{Target: target, Mode: 0o1777}
		if m.Size.IsSet() {
			text, err := c.t.read.expand(m.Size)
			if err != nil {
				return err
			}
			if out.Size, err = spec.ParseSize(text); err != nil {
				return c.t.read.errorf(m.Size.Pos, "%w", err)
			}
		}
		mode, err := c.t.read.mode(m.Mode)
		if err != nil {
			return err
		}
		if mode != nil {
			out.Mode = *mode
		}
		c.out.Tmpfs = append(c.out.Tmpfs, out)
	}
	return nil
}

func (c *command) planSecrets() error {
	for i := range c.b.Secrets {
		s := &c.b.Secrets[i]
		out := plan.Secret{Pos: s.ID.Pos, Required: s.Required}
		var err error
		if out.ID, err = c.t.read.expand(s.ID); err != nil {
			return err
		}
		if out.Env, err = c.t.read.expand(s.Env); err != nil {
			return err
		}
		switch {
		case s.Target.IsSet():
			if out.Target, err = c.mountTarget(s.Target); err != nil {
				return err
			}
		case out.Env == "":
			out.Target = "/run/secrets/" + out.ID
		}
		mode, err := c.t.read.mode(s.Mode)
		if err != nil {
			return err
		}
		if mode != nil {
			out.Mode = *mode
		}
		c.out.Secrets = append(c.out.Secrets, out)
	}
	return nil
}

func (c *command) planSSH() error {
	for i := range c.b.SSH {
		s := &c.b.SSH[i]
		out := plan.SSH{ID: "default", Pos: s.Range.Start, Required: s.Required}
		var err error
		if s.ID.IsSet() {
			if out.ID, err = c.t.read.expand(s.ID); err != nil {
				return err
			}
		}
		if s.Target.IsSet() {
			if out.Target, err = c.mountTarget(s.Target); err != nil {
				return err
			}
		}
		c.out.SSH = append(c.out.SSH, out)
	}
	return nil
}
