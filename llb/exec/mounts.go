// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"context"
	"path"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// mounts are everything that is mounted into a command's root.
func (c *Command) mounts(ctx context.Context, root bk.State) ([]bk.RunOption, error) {
	var opts []bk.RunOption
	for _, m := range c.mounted {
		opts = append(opts, bk.AddMount(m.target, m.state, append(op.SubPath(m.path), bk.ForceNoOutput)...))
	}
	if c.action.Script != "" {
		// With its directory, as the step helper.
		script := bk.Scratch().File(bk.Mkfile("/"+path.Base(plan.ScriptPath), 0o755, []byte(c.action.Script), bk.WithCreatedTime(op.FileTime())),
			bk.WithCustomName("[internal] write the script"))
		opts = append(opts, bk.AddMount(path.Dir(plan.ScriptPath), script, bk.Readonly))
	}
	for _, f := range c.action.Files {
		file := bk.Scratch().File(bk.Mkfile("/file", 0o644, []byte(f.Content), bk.WithCreatedTime(op.FileTime())),
			bk.WithCustomName("[internal] write "+f.Target))
		opts = append(opts, bk.AddMount(f.Target, file, bk.SourcePath("/file"), bk.Readonly))
	}
	for _, m := range c.action.Mounts {
		mount, err := c.mount(ctx, m)
		if err != nil {
			return nil, err
		}
		opts = append(opts, mount)
	}
	for _, m := range c.caches {
		cache, err := c.cache(ctx, root, m)
		if err != nil {
			return nil, err
		}
		opts = append(opts, cache)
	}
	for _, m := range c.action.Tmpfs {
		opts = append(opts, bk.AddMount(m.Target, bk.Scratch(), bk.Tmpfs(bk.TmpfsSize(m.Size))))
	}
	for _, s := range c.action.Secrets {
		secret, err := c.secret(ctx, root, s)
		if err != nil {
			return nil, err
		}
		opts = append(opts, secret)
	}
	for _, s := range c.action.SSH {
		agent, err := c.ssh(ctx, root, s)
		if err != nil {
			return nil, err
		}
		opts = append(opts, agent)
	}
	return opts, nil
}

// mount mounts an input. What is written to it is thrown away.
func (c *Command) mount(ctx context.Context, m plan.Mount) (bk.RunOption, error) {
	f, err := c.runner.find(ctx, plan.Source{Copy: m.Copy, Dest: m.Target, Into: true})
	if err != nil {
		return nil, err
	}
	if f.pattern {
		f.Path, f.pattern = m.Path, false // what isn't there under its name is missing
	}
	st, src := f.st, f.Path
	var chown *bk.ChownOpt
	if m.Writable {
		chown = c.chown()
	}
	switch {
	case len(m.Include)+len(m.Exclude) > 0:
		src = top(chown)
		st = c.selected(&f, strings.TrimSuffix(src, "/")+"/", chown)
	case chown != nil:
		st, src = c.selected(&f, plan.SourceDir, chown), plan.SourceDir
	}
	how := bk.Readonly
	if m.Writable {
		how = bk.ForceNoOutput
	}
	return bk.AddMount(m.Target, st, append(op.SubPath(src), how)...), nil
}

// secret mounts a secret for the command's user.
func (c *Command) secret(ctx context.Context, root bk.State, s plan.Secret) (bk.RunOption, error) {
	uid, gid, err := c.mountOwner(ctx, root, s.Owner)
	if err != nil {
		return nil, err
	}
	opts := []bk.SecretOption{bk.SecretID(s.ID)}
	if !s.Required {
		opts = append(opts, bk.SecretOptional)
	}
	if s.Env != "" {
		opts = append(opts, bk.SecretAsEnvName(s.Env))
	}
	if mode := int(s.Mode); mode != 0 || uid != 0 || gid != 0 {
		if mode == 0 {
			mode = 0o400
		}
		opts = append(opts, bk.SecretFileOpt(uid, gid, mode))
	}
	var dest *string
	if s.Target != "" {
		dest = &s.Target
	}
	return bk.AddSecretWithDest(s.ID, dest, opts...), nil
}

// ssh mounts an agent's socket for the command's user.
func (c *Command) ssh(ctx context.Context, root bk.State, s plan.SSH) (bk.RunOption, error) {
	uid, gid, err := c.mountOwner(ctx, root, s.Owner)
	if err != nil {
		return nil, err
	}
	mode := int(s.Mode)
	if mode == 0 {
		mode = 0o600
	}
	opts := []bk.SSHOption{bk.SSHID(s.ID)}
	switch {
	case uid != 0 || gid != 0 || mode != 0o600:
		opts = append(opts, bk.SSHSocketOpt(s.Target, uid, gid, mode))
	case s.Target != "":
		opts = append(opts, bk.SSHSocketTarget(s.Target))
	}
	if !s.Required {
		opts = append(opts, bk.SSHOptional)
	}
	return bk.AddSSHSocket(opts...), nil
}

// mountOwner is the owner of something that is mounted: the step's user if nothing is said.
func (c *Command) mountOwner(ctx context.Context, root bk.State, o *plan.Owner) (uid, gid int, err error) {
	if o == nil {
		return c.uid, c.gid, nil
	}
	return place.Owner(ctx, c.runner.Prober, root, *o)
}
