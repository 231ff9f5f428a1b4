// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package exec runs planned commands: it mounts what they need, finds out who they
// run as, and has the step helper around them where the image must come out the
// same in every run.
package exec

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// Runner runs the commands of one plan.
type Runner struct {
	// Trees finds what commands run in and what is mounted.
	Trees op.Trees
	// Prober looks users up, and into sources.
	Prober place.Prober
	// Placer collects outputs.
	Placer *place.Placer
	// Options are what every command gets.
	Options Options
	// Chain says that what a command changes is its whole result, where BuildKit has
	// no DiffOp.
	Chain bool
}

// Command is a plan.Exec while it is lowered.
type Command struct {
	runner *Runner
	ops    *op.Maker
	layer  *plan.Layer
	action *plan.Exec
	// uid and gid are the user's numbers where $out or the sources need them.
	uid, gid int
	// mounted are the sources that are mounted.
	mounted []mounted
	// caches and env are those of the action with the user's home directory in them.
	caches []plan.Cache
	env    []string
	name   string
}

// Command prepares an action of a layer to be lowered; name is the step's.
func (r *Runner) Command(ops *op.Maker, layer *plan.Layer, a *plan.Exec, name string) *Command {
	return &Command{runner: r, ops: ops, layer: layer, action: a, name: name}
}

// Ship runs the command where it is planned to run and returns what it left in
// $out, and its outputs, to be put on an image.
func (c *Command) Ship(ctx context.Context, on place.Base) (bk.State, error) {
	root, err := c.root(ctx, on)
	if err != nil {
		return bk.State{}, err
	}
	in, err := c.prepare(ctx, root)
	if err != nil {
		return bk.State{}, err
	}
	run, err := c.run(ctx, root, in)
	if err != nil {
		return bk.State{}, err
	}
	o := place.Step{
		On: on.Ground(), Above: true, Owner: c.action.Owner, KeepOwners: c.action.KeepOwners, Name: c.ops.Name("place what " + c.layer.Short() + " made"),
		Opts: []bk.RunOption{c.ops.At(c.layer.Range)},
	}
	if c.action.OnlyOutputs && place.IsPlain(c.action.Outputs) {
		o.Owner, o.KeepOwners, o.Outputs = nil, false, c.action.Outputs
		return c.runner.Placer.Ship(ctx, on, c.layer, op.Restart(run.Root()), o)
	}
	var made *bk.State
	if !c.action.OnlyOutputs {
		made, o.From = c.mountOut(run)
	}
	if len(c.action.Outputs) == 0 {
		return place.InStep(on, *made, o)
	}
	st, err := c.runner.Placer.Collect(ctx, on, c.layer, place.Shipment{
		Out: made, From: o.From, Owner: o.Owner, KeepOwners: o.KeepOwners,
		Root: op.Restart(run.Root()), Outputs: c.action.Outputs,
	})
	if err != nil {
		return bk.State{}, err
	}
	o.From, o.Owner, o.KeepOwners = "", nil, true
	return place.InStep(on, st, o)
}

// mountOut mounts $out, which belongs to the command's user. It returns what is in it
// afterwards, in a directory of that name if it isn't empty.
func (c *Command) mountOut(run bk.ExecState) (st *bk.State, from string) {
	var fa *bk.FileAction
	above := "/"
	if c.chown() != nil {
		above, from = plan.OutDir, strings.TrimPrefix(plan.OutDir, "/")
		fa = bk.Mkdir(above, 0o755, bk.WithUIDGID(c.uid, c.gid))
	}
	for _, dir := range c.action.OutDirs {
		if dir != "/" {
			fa = op.Then(fa).Mkdir(path.Join(above, dir), 0o755, bk.WithParents(true), bk.WithUIDGID(c.uid, c.gid))
		}
	}
	made, opts := bk.Scratch(), op.SubPath(above)
	if fa != nil {
		made = made.File(fa, bk.WithCustomName("[internal] make $out"))
	}
	made = op.Restart(run.AddMount(plan.OutDir, made, opts...))
	return &made, from
}

// root is what a command that ships $out runs in.
func (c *Command) root(ctx context.Context, on place.Base) (bk.State, error) {
	if c.action.From.Kind == plan.Layers {
		return on.Current(), nil
	}
	st, err := c.runner.Trees(ctx, c.action.From)
	return op.Restart(st), err
}

// Output runs the command without the step helper and returns what it left in $out,
// as it is.
func (c *Command) Output(ctx context.Context) (bk.State, error) {
	root, err := c.runner.Trees(ctx, c.action.From)
	if err != nil {
		return bk.State{}, err
	}
	in, err := c.prepare(ctx, root)
	if err != nil {
		return bk.State{}, err
	}
	opts, err := c.options(ctx, root)
	if err != nil {
		return bk.State{}, err
	}
	run := op.Restart(in).Run(append(opts, bk.Args(c.action.Args))...)
	return op.Restart(run.AddMount(plan.OutDir, bk.Scratch())), nil
}

// Change runs the command on the image so far and returns the difference, and its whole
// result; in a chain, the image after it as both. The mount points that the step makes are made below
// the command, so that they aren't among its changes.
func (c *Command) Change(ctx context.Context, on place.Base) (changes, after bk.State, err error) {
	below, err := c.prepare(ctx, on.Seen())
	if err != nil {
		return bk.State{}, bk.State{}, err
	}
	if !c.runner.Chain {
		dirs, err := on.Skeleton.Absent(ctx, op.KernelDirs())
		if err != nil {
			return bk.State{}, bk.State{}, err
		}
		below = op.MountPoints(below, slices.Concat(dirs, mountPoints(c.outside(), c.mounted)))
	}
	run, err := c.run(ctx, below, below)
	if err != nil {
		return bk.State{}, bk.State{}, err
	}
	after = run.Root()
	if c.runner.Chain {
		return after, after, nil
	}
	return bk.Diff(below, after, c.ops.At(c.layer.Range), bk.WithCustomName(c.ops.Name("changes of "+c.layer.Short()))), after, nil
}

// run is the command's step, in what root has become with its sources.
func (c *Command) run(ctx context.Context, root, in bk.State) (bk.ExecState, error) {
	opts, err := c.options(ctx, root)
	if err != nil {
		return bk.ExecState{}, err
	}
	if c.action.User != "" && !c.rooted() {
		opts = append(opts, bk.User(c.action.User))
	}
	args, err := c.wrapped()
	if err != nil {
		return bk.ExecState{}, err
	}
	return in.Run(append(opts, args...)...), nil
}

// wrapped is the command with the step helper around it where it is needed, and
// the helper's mount then. A command that changes the image needs it to give what
// it touched a time that is the same in every run.
func (c *Command) wrapped() ([]bk.RunOption, error) {
	args := c.action.Args
	if !c.rooted() && !c.action.OnlyEnv {
		return []bk.RunOption{bk.Args(args)}, nil
	}
	p, err := platforms.Parse(c.action.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", c.action.Platform, err)
	}
	helper, err := c.ops.Helper(p.Architecture)
	if err != nil {
		return nil, err
	}
	if c.action.OnlyEnv {
		args = c.onlyEnv(args)
	}
	if c.rooted() {
		args = c.asRoot(args)
	}
	return []bk.RunOption{helper, bk.Args(args)}, nil
}

// onlyEnv is a command started with nothing but the planned environment.
func (c *Command) onlyEnv(command []string) []string {
	made := call.Exec{Command: command}
	for _, kv := range c.env {
		name, _, _ := strings.Cut(kv, "=")
		made.Env = append(made.Env, name)
	}
	return append([]string{op.HelperPath}, made.Args()...)
}

// rooted reports whether the step helper starts the command as root and gives it its
// user: afterwards it looks for what the command changed, and before it sets the modes
// of directories in memory, which have none that BuildKit could be given.
func (c *Command) rooted() bool {
	return !c.action.Out || slices.ContainsFunc(c.action.Tmpfs, func(m plan.Tmpfs) bool { return m.Mode != 0 })
}

// asRoot is a command started by way of the step helper.
func (c *Command) asRoot(command []string) []string {
	made := call.Run{User: c.action.User, KeepTimes: c.action.Out, Command: command}
	for _, m := range c.action.Tmpfs {
		if m.Mode != 0 {
			made.Memory = append(made.Memory, call.Memory{Mode: uint32(m.Mode), Path: m.Target})
		}
	}
	for _, kv := range c.env {
		if home, ok := strings.CutPrefix(kv, "HOME="); ok {
			made.Home = home
		}
	}
	if !c.action.Out {
		made.Skip = c.outside()
	}
	return append([]string{op.HelperPath}, made.Args()...)
}

// outside are the directories that are mounted into the command's root.
func (c *Command) outside() []string {
	dirs := map[string]bool{}
	for _, m := range c.action.Mounts {
		if m.Path == "/" || len(m.Include)+len(m.Exclude) > 0 {
			dirs[m.Target] = true
		}
	}
	for _, m := range c.caches {
		dirs[m.Target] = true
	}
	for _, m := range c.action.Tmpfs {
		dirs[m.Target] = true
	}
	for _, m := range c.mounted {
		if m.directory {
			dirs[m.target] = true
		}
	}
	return slices.Sorted(maps.Keys(dirs))
}

// options are the options that both kinds of commands share.
func (c *Command) options(ctx context.Context, root bk.State) ([]bk.RunOption, error) {
	p, err := platforms.Parse(c.action.Platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", c.action.Platform, err)
	}
	opts := []bk.RunOption{
		bk.Dir(c.action.Cwd),
		bk.Platform(p),
		bk.WithCustomName(c.name),
		c.ops.At(c.layer.Range),
		c.network(),
	}
	for _, kv := range c.env {
		k, v, _ := strings.Cut(kv, "=")
		opts = append(opts, bk.AddEnv(k, v))
	}
	if c.action.Insecure {
		opts = append(opts, bk.Security(pb.SecurityMode_INSECURE))
	}
	for _, d := range c.action.Devices {
		device := []bk.CDIDeviceOption{bk.CDIDeviceName(d.Name)}
		if !d.Required {
			device = append(device, bk.CDIDeviceOptional)
		}
		opts = append(opts, bk.AddCDIDevice(device...))
	}
	if c.ops.IgnoresCache(c.layer.Name) {
		opts = append(opts, bk.IgnoreCache)
	}
	mounts, err := c.mounts(ctx, root)
	if err != nil {
		return nil, err
	}
	return append(append(opts, mounts...), c.runner.Options.runOptions()...), nil
}

func (c *Command) network() bk.RunOption {
	switch c.action.Network {
	case "none":
		return bk.Network(pb.NetMode_NONE)
	case "host":
		return bk.Network(pb.NetMode_HOST)
	default:
		return bk.Network(c.runner.Options.Network)
	}
}

// needsNumbers reports whether something that is mounted belongs to the command's user.
func needsNumbers(a *plan.Exec) bool {
	return len(a.Sources)+len(a.Secrets)+len(a.SSH)+len(a.Cache) > 0 ||
		slices.ContainsFunc(a.Mounts, func(m plan.Mount) bool { return m.Writable })
}

// findUser looks up the numbers of the command's user where they are needed.
func (c *Command) findUser(ctx context.Context, root bk.State) error {
	if c.action.User == "" || (!c.action.Out && !needsNumbers(c.action)) {
		return nil
	}
	name, group, _ := strings.Cut(c.action.User, ":")
	if name == "root" || name == "0" {
		return nil
	}
	var err error
	c.uid, c.gid, err = place.Owner(ctx, c.runner.Prober, root, plan.Owner{User: name, Group: group})
	return err
}
