// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"slices"
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// build is the strategy that runs a command.
type build struct{}

var _ Strategy = build{}

// command is a build while it is planned.
type command struct {
	t   *Target
	b   *spec.Build
	run string // the script as written, or the words of the argv
	// base is the configuration of what the command runs in; nil for scratch.
	base *dockerspec.DockerOCIImage
	out  *plan.Exec
}

// Plan makes one layer of the command.
func (build) Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	c := &command{t: t, b: l.Build, out: &plan.Exec{Range: l.Build.Range}}
	steps := []func(context.Context) error{
		c.planRun, c.planFrom, c.planPlace, c.planEnv, c.planArgs, c.planNetwork, c.planRights, c.planInputs, c.planMounts, c.planOutputs,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if c.out.About, err = t.read.about(l.Build.About); err != nil {
		return nil, err
	}
	return []plan.Layer{{
		Name: l.Name, Strategy: "build", Words: "build " + firstLine(c.run), Range: l.Range, Action: c.out,
	}}, nil
}

// planRun reads the command as it was written and whether $out ships.
func (c *command) planRun(context.Context) error {
	var err error
	if c.b.Run.IsSet() {
		c.run, err = c.t.read.verbatim(c.b.Run)
	} else {
		var words []string
		words, err = c.t.read.verbatimAll(c.b.Argv)
		c.run = strings.Join(words, " ")
	}
	if err != nil {
		return err
	}
	return c.planOut(slices.Contains(spec.Mentioned(c.run), "out"))
}

// planOut reads what ships: what is in $out and the outputs, or what the command changes.
func (c *command) planOut(mentioned bool) error {
	outputs := len(c.b.Outputs) > 0
	c.out.Out = mentioned || outputs || c.b.From.IsSet()
	if c.b.Out != nil {
		c.out.Out = *c.b.Out
	}
	if outputs && !c.out.Out {
		return c.t.read.errorf(c.b.Outputs[0].Range.Start, "with `out: false` all that the command changes ships, and so outputs have nothing to say; leave one of them out")
	}
	c.out.OnlyOutputs = outputs && !mentioned && c.b.Out == nil
	for _, s := range c.b.OutDirs {
		dir, _, err := c.t.read.dest(s)
		if err != nil {
			return err
		}
		if err := checkName(c.t.read, s.Pos, dir); err != nil {
			return err
		}
		c.out.OutDirs = append(c.out.OutDirs, dir)
	}
	return nil
}

// hasOut reports whether the command has a directory $out.
func (c *command) hasOut() bool { return c.out.Out && !c.out.OnlyOutputs }

// planFrom finds where the command runs and on what platform.
func (c *command) planFrom(ctx context.Context) error {
	c.out.Platform = c.t.image.Platform
	if c.b.Platform.IsSet() {
		var err error
		if c.out.Platform, err = c.t.read.platform(c.b.Platform); err != nil {
			return err
		}
	}
	if !c.out.Out {
		return c.planInPlace()
	}
	from, err := c.t.tree(c.b.From, c.out.Platform)
	if err != nil {
		return err
	}
	switch {
	case !c.b.From.IsSet() && !c.t.described.From.IsSet(),
		!c.b.From.IsSet() && c.t.image.From.Kind == plan.Scratch:
		return c.t.read.errorf(c.b.Range.Start, "a build on scratch needs `from`: name an image that the command runs in")
	case !c.b.From.IsSet():
		if from, err = c.t.tree(c.t.described.From, c.out.Platform); err != nil {
			return err
		}
	case from.Kind == plan.Layers:
		if c.out.Platform != c.t.image.Platform {
			return c.t.read.errorf(c.b.Platform.Pos, "the layers so far are for %s; a command in them can't run on %s", c.t.image.Platform, c.out.Platform)
		}
		c.out.From, c.base = from, c.t.image.Base
		return nil
	}
	if c.out.From, c.base, err = c.t.base(ctx, from); err != nil {
		return err
	}
	if c.b.From.IsSet() || c.b.Platform.IsSet() {
		checkRun(c.t, c.out.From, c.base, c.out.Platform)
	}
	if c.b.From.IsSet() {
		c.t.warnOnBuild(c.out.From, c.base)
	}
	return nil
}

// planInPlace is for a command that changes the image so far.
func (c *command) planInPlace() error {
	from, err := c.t.read.expand(c.b.From)
	if err != nil {
		return err
	}
	if c.b.From.IsSet() && from != "layers" {
		return c.t.read.errorf(c.b.From.Pos, "without $out the command changes the image so far, so it can't run in %q; write to $out, or leave `from` out", c.b.From.Value)
	}
	if c.out.Platform != c.t.image.Platform {
		return c.t.read.errorf(c.b.Platform.Pos, "without $out the command changes the image so far, which is for %s", c.t.image.Platform)
	}
	if c.b.Owner.IsSet() {
		return c.t.read.errorf(c.b.Owner.Pos, "owner is of what ships from $out; this command writes to the image itself, use chown in it")
	}
	// Without a lock, check knows of no layers of packages that are before it.
	unknown := c.t.pass.req.AllowMissing && c.t.described.Layers[0].Build != c.b
	if c.t.image.From.Kind == plan.Scratch && len(c.t.image.Layers) == 0 && !unknown {
		return c.t.read.errorf(c.b.Range.Start, "the image is still empty, so no command can run in it; set the image's `from`, or the build's `from` and write to $out")
	}
	c.out.From = plan.Tree{Kind: plan.Layers, Pos: c.b.From.Pos}
	c.base = c.t.image.Base
	return nil
}

// planPlace reads the user, the working directory and the owner.
func (c *command) planPlace(context.Context) error {
	var err error
	if c.out.User, err = c.t.read.expand(c.b.User); err != nil {
		return err
	}
	if err = c.planOwner(); err != nil {
		return err
	}
	workdir := ""
	if c.b.Workdir.IsSet() {
		if workdir, _, err = c.t.read.dest(c.b.Workdir); err != nil {
			return err
		}
		if err := checkName(c.t.read, c.b.Workdir.Pos, workdir); err != nil {
			return err
		}
	}
	if c.base != nil {
		if !c.b.User.IsSet() {
			c.out.User = c.base.Config.User
		}
		if workdir == "" && len(c.b.Sources) == 0 {
			workdir = c.base.Config.WorkingDir
		}
	}
	switch {
	case workdir != "":
		c.out.Cwd = workdir
	case len(c.b.Sources) > 0:
		c.out.Cwd = plan.SourceDir
	default:
		c.out.Cwd = "/"
	}
	return nil
}

// planOwner reads who owns what ships.
func (c *command) planOwner() error {
	owner, err := c.t.read.owner(c.b.Owner)
	if err != nil {
		return err
	}
	if owner != nil && *owner == (plan.Owner{User: spec.KeepOwner}) {
		c.out.KeepOwners = true
		return nil
	}
	c.out.Owner = owner
	return nil
}

// planRights reads what the command may do besides.
func (c *command) planRights(context.Context) error {
	security, err := c.t.read.expand(c.b.Security)
	if err != nil {
		return err
	}
	if c.b.Security.IsSet() {
		if _, err := spec.ParseSecurity(security); err != nil {
			return c.t.read.errorf(c.b.Security.Pos, "%w", err)
		}
	}
	c.out.Insecure = security == "insecure"
	for i := range c.b.Devices {
		d := &c.b.Devices[i]
		name, err := c.t.read.expand(d.Name)
		if err != nil {
			return err
		}
		c.out.Devices = append(c.out.Devices, plan.Device{Name: name, Required: d.Required})
	}
	return nil
}

// planArgs makes the argv. A string is a script for the shell of the image it
// runs in, and stops at the first command that fails.
func (c *command) planArgs(context.Context) error {
	if c.b.Run.IsSet() {
		shell, err := c.shell()
		if err != nil {
			return err
		}
		if shell == nil {
			c.out.Script, c.out.Args = c.run, []string{plan.ScriptPath}
			return nil
		}
		c.out.Args = append(append([]string{}, shell...), c.run)
		return nil
	}
	if len(c.b.Shell) > 0 {
		return c.t.read.errorf(c.b.Shell[0].Pos, "a list runs without a shell; write the command as a string, or leave shell out")
	}
	vars := c.t.read.vars
	if c.hasOut() {
		vars = vars.With(map[string]string{"out": plan.OutDir})
	}
	for _, s := range c.b.Argv {
		arg, err := c.t.read.expandWith(vars, s)
		if err != nil {
			return err
		}
		c.out.Args = append(c.out.Args, arg)
	}
	return nil
}

// shell is what a script runs in; nil for one whose first line says it.
func (c *command) shell() ([]string, error) {
	switch {
	case c.b.Shell != nil:
		return c.t.read.verbatimAll(c.b.Shell)
	case strings.HasPrefix(c.run, "#!"):
		return nil, nil
	case c.base != nil && len(c.base.Config.Shell) > 0:
		return c.base.Config.Shell, nil
	}
	if c.b.Errexit != nil && !*c.b.Errexit {
		return []string{"/bin/sh", "-c"}, nil
	}
	return []string{"/bin/sh", "-e", "-c"}, nil
}
