// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb/plan"
)

// command is an Exec while it is lowered.
type command struct {
	*image
	*plan.Exec
	layer *plan.Layer
	name  string
	// uid and gid are the user's numbers where $out or the source need them.
	uid, gid int
}

// exec lowers a command: to a tree of its own when only $out ships, to what it
// changed in the image otherwise.
func (img *image) exec(ctx context.Context, layer *plan.Layer, a *plan.Exec, name string) (bk.State, error) {
	c := &command{image: img, Exec: a, layer: layer, name: name}
	var st bk.State
	var err error
	if a.Out {
		st, err = c.out(ctx)
	} else {
		st, err = c.inPlace(ctx)
	}
	if err != nil {
		return bk.State{}, &Fault{Range: layer.Range, Err: err}
	}
	return st, nil
}

// out runs the command where it wants to run and ships what it left in $out.
func (c *command) out(ctx context.Context) (bk.State, error) {
	root := c.current()
	if c.From.Kind != plan.Layers {
		var err error
		if root, err = c.tree(ctx, c.From); err != nil {
			return bk.State{}, err
		}
	}
	root = restart(root)
	if err := c.findUser(ctx, root); err != nil {
		return bk.State{}, err
	}
	opts, err := c.runOptions(ctx)
	if err != nil {
		return bk.State{}, err
	}
	if c.User != "" {
		opts = append(opts, bk.User(c.User))
	}
	args, err := c.wrapped()
	if err != nil {
		return bk.State{}, err
	}
	run := root.Run(append(opts, args...)...)
	o := placeOptions{on: c.rooted, owner: c.Owner, name: c.prefix("place what " + short(c.layer) + " made"), opts: []bk.RunOption{c.at(c.layer.Range)}}
	made := bk.Scratch()
	if c.uid != 0 || c.gid != 0 {
		o.from = strings.TrimPrefix(plan.OutDir, "/")
		made = bk.Scratch().File(bk.Mkdir(plan.OutDir, 0o755, bk.WithUIDGID(c.uid, c.gid)), bk.WithCustomName("[internal] make $out"))
		made = run.AddMount(plan.OutDir, made, bk.SourcePath(plan.OutDir))
	} else {
		made = run.AddMount(plan.OutDir, made)
	}
	return c.placeTree(restart(made), o)
}

// inPlace runs the command on the image so far and ships the difference. The
// helper is around the command to give what it touched a time that is the same
// in every run.
func (c *command) inPlace(ctx context.Context) (bk.State, error) {
	var err error
	below := c.current()
	if !c.Chain {
		if below, err = c.stubs(ctx, below); err != nil {
			return bk.State{}, err
		}
	}
	if err := c.findUser(ctx, below); err != nil {
		return bk.State{}, err
	}
	opts, err := c.runOptions(ctx)
	if err != nil {
		return bk.State{}, err
	}
	args, err := c.wrapped()
	if err != nil {
		return bk.State{}, err
	}
	after := below.Run(append(opts, args...)...).Root()
	if c.Chain {
		return after, nil
	}
	return bk.Diff(below, after, c.at(c.layer.Range), bk.WithCustomName(c.prefix("changes of "+short(c.layer)))), nil
}

// wrapped is the command with the step helper around it where it is needed, and
// the helper's mount then.
func (c *command) wrapped() ([]bk.RunOption, error) {
	if c.Out && !c.OnlyEnv {
		return []bk.RunOption{bk.Args(c.Args)}, nil
	}
	p, err := platforms.Parse(c.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", c.Platform, err)
	}
	helper, err := c.helper(p.Architecture)
	if err != nil {
		return nil, err
	}
	args := c.Args
	if c.OnlyEnv {
		args = append(c.onlyEnv(), args...)
	}
	if !c.Out {
		args = append(c.inRoot(), args...)
	}
	return []bk.RunOption{helper, bk.Args(args)}, nil
}

// onlyEnv starts a command with nothing but the planned environment.
func (c *command) onlyEnv() []string {
	args := []string{stepPath, "exec"}
	for _, kv := range c.Env {
		name, _, _ := strings.Cut(kv, "=")
		args = append(args, "--env", name)
	}
	return append(args, "--")
}

// inRoot starts a command that changes the image in place.
func (c *command) inRoot() []string {
	args := []string{stepPath, "run"}
	if c.User != "" {
		args = append(args, "--user", c.User)
	}
	for _, kv := range c.Env {
		if home, ok := strings.CutPrefix(kv, "HOME="); ok {
			args = append(args, "--home", home)
		}
	}
	for _, dir := range c.outside() {
		args = append(args, "--skip", dir)
	}
	return append(args, "--")
}

// stubs are the folders that a step makes for its mounts. They are made below
// the command, so that they aren't among its changes.
func (c *command) stubs(ctx context.Context, st bk.State) (bk.State, error) {
	var fa *bk.FileAction
	dirs, err := c.bareOf(ctx)
	if err != nil {
		return bk.State{}, err
	}
	for _, dir := range slices.Concat(dirs, c.outside()) {
		fa = then(fa).Mkdir(dir, 0o755, bk.WithParents(true), bk.WithCreatedTime(fileTime()))
	}
	if fa == nil {
		return st, nil
	}
	return restart(st.File(fa, bk.WithCustomName("[internal] make mount points"))), nil
}

// kernelDirs are mounted into every step.
func kernelDirs() []string { return []string{"/dev", "/proc", "/sys"} }

// bareOf are the kernel's folders that the image is not known to have. The base
// is asked only if it was looked into anyway, and lookAhead has asked then.
func (img *image) bareOf(ctx context.Context) ([]string, error) {
	if img.bare != nil {
		return img.bare, nil
	}
	if img.looks == nil || img.inPlace {
		return kernelDirs(), nil
	}
	img.bare = []string{}
	for _, dir := range kernelDirs() {
		n, ok, err := img.lookup(ctx).lookup(dir)
		if err != nil {
			return nil, err
		}
		if !ok || n.link != "" {
			img.bare = append(img.bare, dir)
		}
	}
	return img.bare, nil
}

// outside are the folders that are mounted into the command's root.
func (c *command) outside() []string {
	dirs := map[string]bool{}
	for _, m := range c.Mounts {
		if m.Path == "/" {
			dirs[m.Target] = true
		}
	}
	for _, m := range c.Cache {
		dirs[m.Target] = true
	}
	for _, m := range c.Tmpfs {
		dirs[m.Target] = true
	}
	if c.Source != nil {
		dirs[plan.SourceDir] = true
	}
	return sortedKeys(dirs)
}

// runOptions are the options that both kinds of commands share.
func (c *command) runOptions(ctx context.Context) ([]bk.RunOption, error) {
	p, err := platforms.Parse(c.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", c.Platform, err)
	}
	opts := []bk.RunOption{
		bk.Dir(c.Cwd),
		bk.Platform(p),
		bk.WithCustomName(c.name),
		c.at(c.layer.Range),
		c.network(),
	}
	for _, kv := range c.Env {
		k, v, _ := strings.Cut(kv, "=")
		opts = append(opts, bk.AddEnv(k, v))
	}
	if c.noCache(c.layer.Name, c.image.plan.Target) {
		opts = append(opts, bk.IgnoreCache)
	}
	mounts, err := c.mounts(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(opts, mounts...), c.Run.options()...), nil
}

func (c *command) network() bk.RunOption {
	switch c.Network {
	case "none":
		return bk.Network(pb.NetMode_NONE)
	case "host":
		return bk.Network(pb.NetMode_HOST)
	default:
		return bk.Network(c.Run.Network)
	}
}

// options are what the build's caller gives every command.
func (r RunOptions) options() []bk.RunOption {
	var opts []bk.RunOption
	for _, h := range r.ExtraHosts {
		opts = append(opts, bk.AddExtraHost(h.Host, h.IP))
	}
	for _, u := range r.Ulimits {
		opts = append(opts, bk.AddUlimit(bk.UlimitName(u.Name), u.Soft, u.Hard))
	}
	if r.ShmSize > 0 {
		opts = append(opts, bk.AddMount("/dev/shm", bk.Scratch(), bk.Tmpfs(bk.TmpfsSize(r.ShmSize))))
	}
	if r.CgroupParent != "" {
		opts = append(opts, bk.WithCgroupParent(r.CgroupParent))
	}
	if r.Hostname != "" {
		opts = append(opts, bk.Hostname(r.Hostname))
	}
	if r.Proxy != nil {
		opts = append(opts, bk.WithProxy(*r.Proxy))
	}
	if x := r.LinuxResources; x != nil {
		opts = append(opts, bk.WithLinuxResources(bk.LinuxResources{
			Memory: x.Memory, MemorySwap: x.MemorySwap, CPUShares: x.CpuShares,
			CPUPeriod: x.CpuPeriod, CPUQuota: x.CpuQuota, CpusetCpus: x.CpusetCpus, CpusetMems: x.CpusetMems,
		}))
	}
	return opts
}

// findUser looks up the numbers of the command's user where they are needed.
func (c *command) findUser(ctx context.Context, root bk.State) error {
	if c.User == "" || (!c.Out && c.Source == nil && len(c.Secrets)+len(c.SSH) == 0) {
		return nil
	}
	name, group, _ := strings.Cut(c.User, ":")
	o := plan.Owner{User: name, Group: group}
	if name == "root" || name == "0" {
		return nil
	}
	st := root
	if isNamed(o) {
		st = accounts(root)
	}
	var err error
	c.uid, c.gid, err = c.lookupUser(ctx, st, o)
	return err
}

// lookupUser is lookupOwner with a user's number standing for itself.
func (c *command) lookupUser(ctx context.Context, st bk.State, o plan.Owner) (int, int, error) {
	if !isNamed(o) {
		return c.owner(ctx, &o)
	}
	return c.lookupOwner(ctx, st, o)
}

// short is how other steps call a layer.
func short(l *plan.Layer) string {
	if l.Name != "" {
		return l.Name
	}
	return l.Words
}
