// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"path"
	"strings"
	"unicode"

	"github.com/moby/patternmatcher"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// planInputs reads the sources and the mounts. What a command takes is for the platform
// it runs on.
func (c *command) planInputs(ctx context.Context) error {
	for i := range c.b.Sources {
		source, err := c.planSource(ctx, &c.b.Sources[i])
		if err != nil {
			return err
		}
		c.out.Sources = append(c.out.Sources, source)
	}
	for i := range c.b.Mounts {
		m := &c.b.Mounts[i]
		target, err := c.t.read.mountTarget(m.Target)
		if err != nil {
			return err
		}
		mount := plan.Mount{Target: target, Writable: m.Writable}
		if mount.Copy, err = c.part(ctx, m.From, m.Source, m.Range.Start); err != nil {
			return err
		}
		if mount.Include, mount.Exclude, err = c.t.read.patterns(m.Include, m.Exclude); err != nil {
			return err
		}
		c.out.Mounts = append(c.out.Mounts, mount)
	}
	return nil
}

// part reads a path in a tree; in the context when there is no tree. It is at a place
// of the build file unless it has one.
func (c *command) part(ctx context.Context, from, source spec.String, at spec.Pos) (plan.Copy, error) {
	out := plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: at}, Pos: at, Checkout: true}
	if source.IsSet() {
		out.Pos = source.Pos
	}
	var err error
	if from.IsSet() {
		if out.From, out.Checkout, err = c.t.use(ctx, from, c.out.Platform); err != nil {
			return out, err
		}
	}
	out.Path, err = c.t.read.source(source)
	return out, err
}

// patterns reads what is selected of a tree.
func (r reader) patterns(include, exclude []spec.String) (in, ex []string, err error) {
	if in, err = patternsOf(r, include); err != nil {
		return nil, nil, err
	}
	ex, err = patternsOf(r, exclude)
	return in, ex, err
}

// patternsOf reads patterns, and refuses what isn't one.
func patternsOf(r reader, ss []spec.String) ([]string, error) {
	all, err := r.expandAll(ss)
	if err != nil {
		return nil, err
	}
	for i, p := range all {
		_, err := patternmatcher.New([]string{p})
		if strings.ContainsFunc(p, unicode.IsControl) {
			err = errors.New("it has a character that can't be printed")
		}
		if err != nil {
			return nil, r.errorf(ss[i].Pos, "%q is not a pattern: %w", p, err)
		}
	}
	return all, nil
}

// planSource reads a source. Without a dest, its contents are the working directory's,
// or, in a list, it has its own name there.
func (c *command) planSource(ctx context.Context, s *spec.Source) (plan.Source, error) {
	out := plan.Source{Dest: c.out.SourceDir(), Into: true}
	var err error
	if out.Copy, err = c.part(ctx, s.From, s.Path, s.Range.Start); err != nil {
		return out, err
	}
	if out.Include, out.Exclude, err = c.t.read.patterns(s.Include, s.Exclude); err != nil {
		return out, err
	}
	if !s.Dest.IsSet() {
		switch {
		case !s.Listed || out.Path == "/":
		case plan.IsPattern(out.Path):
			out.OwnName = true
		default:
			out.Dest, out.Into = path.Join(out.Dest, path.Base(out.Path)), false
		}
		return out, nil
	}
	text, err := c.t.read.expand(s.Dest)
	if err != nil {
		return out, err
	}
	if !path.IsAbs(text) {
		text = out.Dest + "/" + text
	}
	dest, err := spec.CleanDest(text)
	if err != nil {
		return out, c.t.read.errorf(s.Dest.Pos, "%w", err)
	}
	out.Dest, out.Into = path.Clean(dest), strings.HasSuffix(dest, "/")
	return out, nil
}

// mountTarget reads where something is mounted.
func (r reader) mountTarget(s spec.String) (string, error) {
	p, _, err := r.dest(s)
	if err == nil && p == "/" {
		err = r.errorf(s.Pos, "nothing can be mounted over the root")
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
		m := &c.b.Cache[i]
		if m.Short {
			word, err := c.t.read.expand(m.Target)
			if err != nil {
				return err
			}
			if !strings.Contains(word, "/") {
				if err := planTool(c, word, m.Target.Pos); err != nil {
					return err
				}
				continue
			}
		}
		out, err := c.planCache(ctx, m)
		if err != nil {
			return err
		}
		c.out.Cache = append(c.out.Cache, out)
	}
	return nil
}

func (c *command) planCache(ctx context.Context, m *spec.Cache) (plan.Cache, error) {
	target, err := c.t.read.mountTarget(m.Target)
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
		target, err := c.t.read.mountTarget(m.Target)
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
			if out.Target, err = c.t.read.mountTarget(s.Target); err != nil {
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
		if out.Owner, err = c.t.read.owner(s.Owner); err != nil {
			return err
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
			if out.Target, err = c.t.read.mountTarget(s.Target); err != nil {
				return err
			}
		}
		mode, err := c.t.read.mode(s.Mode)
		if err != nil {
			return err
		}
		if mode != nil {
			out.Mode = *mode
		}
		if out.Owner, err = c.t.read.owner(s.Owner); err != nil {
			return err
		}
		c.out.SSH = append(c.out.SSH, out)
	}
	return nil
}
