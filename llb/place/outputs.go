// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"path"
	"slices"
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Shipment is what of a step ships.
type Shipment struct {
	// Out is what it left in $out, if it has that, in the directory From. Owner owns it;
	// nil is root:root, unless KeepOwners is set.
	Out        *bk.State
	From       string
	Owner      *plan.Owner
	KeepOwners bool
	// Root is what the step left in its root, and Outputs are what of it ships.
	Root    bk.State
	Outputs []plan.Output
}

// IsPlain reports whether the step that puts outputs on an image can take them from what
// their command ran in. It can unless it would have to change modes, or one of them is put where
// another one may have put something.
func IsPlain(outputs []plan.Output) bool {
	for i, o := range outputs {
		if o.Mode != nil || o.ModeChange != "" || o.KeepOwners != outputs[0].KeepOwners {
			return false
		}
		for _, other := range outputs[:i] {
			if plan.Within(o.Dest, other.Dest) || plan.Within(other.Dest, o.Dest) {
				return false
			}
		}
	}
	return len(outputs) <= call.MostOutputs
}

// IsOne reports whether an output is the only file that a pattern may match.
func IsOne(o *plan.Output) bool { return spec.HasGlob(o.Path) && !o.Into }

// Ship puts plain outputs of what a command ran in on an image. An error is a [plan.Fault].
func (p *Placer) Ship(ctx context.Context, on Base, planned *plan.Layer, root bk.State, s Step) (bk.State, error) {
	f := &layer{placer: p, on: on, planned: planned}
	s.Chown = map[string]plan.Owner{}
	for i := range s.Outputs {
		o := &s.Outputs[i]
		s.KeepOwners = o.KeepOwners
		if o.Owner == nil {
			continue
		}
		uid, gid, err := f.owner(ctx, o.Owner)
		if err != nil {
			return bk.State{}, &plan.Fault{Range: o.Range, Err: err}
		}
		s.Chown[o.Dest] = plan.Owner{User: strconv.Itoa(uid), Group: strconv.Itoa(gid)}
	}
	return InStep(on, root, s)
}

// Collect makes the tree of a shipment with its owners, before the image's directories
// and links are respected. An error is a [plan.Fault].
func (p *Placer) Collect(ctx context.Context, on Base, planned *plan.Layer, s Shipment) (bk.State, error) {
	c := &collection{of: &layer{placer: p, on: on, planned: planned}, taken: map[string]bool{}}
	if s.Out != nil {
		uid, gid, err := c.of.owner(ctx, s.Owner)
		if err != nil {
			return bk.State{}, &plan.Fault{Range: planned.Range, Err: err}
		}
		info := &bk.CopyInfo{CopyDirContentsOnly: true, ChownOpt: op.Owner(uid, gid)}
		if s.KeepOwners {
			info.ChownOpt = nil
		}
		c.made = bk.Copy(*s.Out, path.Join("/", s.From), "/", info)
		c.trees = append(c.trees, "/")
	}
	for i := range s.Outputs {
		if err := c.add(ctx, s.Root, &s.Outputs[i]); err != nil {
			return bk.State{}, &plan.Fault{Range: s.Outputs[i].Range, Err: err}
		}
	}
	return bk.Scratch().File(c.made, on.Ops.At(planned.Range), bk.WithCustomName(on.Ops.Name("collect what "+planned.Short()+" made"))), nil
}

// collection is the tree of a shipment while it is made.
type collection struct {
	of   *layer
	made *bk.FileAction
	// taken are the places of outputs and the directories above them, and trees are the
	// places alone: what is below them isn't known.
	taken map[string]bool
	trees []string
}

// add adds an output. The directories above its place are made before: a copy would give
// them the owner and the mode of what is copied.
func (c *collection) add(ctx context.Context, root bk.State, o *plan.Output) error {
	uid, gid, err := c.of.owner(ctx, o.Owner)
	if err != nil {
		return err
	}
	it, err := c.item(root, o)
	if err != nil {
		return err
	}
	info := c.of.copyInfo(it, uid, gid)
	info.AlwaysReplaceExistingDestPaths = true
	if o.KeepOwners {
		info.ChownOpt = nil
	}
	c.mkdir(path.Dir(o.Dest), 0, 0)
	switch {
	case o.Into:
		c.mkdir(o.Dest, uid, gid)
		c.made = op.Then(c.made).Copy(it.from, it.src, path.Join(o.Dest, "/")+"/", info)
	case c.mayBeTaken(o.Dest):
		// What is there is replaced, and a directory gets what it is in the step.
		info.CopyDirContentsOnly = false
		apart := bk.Scratch().File(bk.Copy(it.from, it.src, path.Join("/", path.Base(o.Dest)), info),
			c.of.on.Ops.At(o.Range), bk.WithCustomName(c.of.on.Ops.Name("select files for "+o.Dest)))
		c.made = op.Then(c.made).Copy(apart, "/", path.Dir(o.Dest), &bk.CopyInfo{
			CopyDirContentsOnly: true, AlwaysReplaceExistingDestPaths: true, CreatedTime: new(op.FileTime()),
		})
	default:
		info.CopyDirContentsOnly = false
		c.made = op.Then(c.made).Copy(it.from, it.src, o.Dest, info)
	}
	for _, dir := range append(ancestors(o.Dest), o.Dest) {
		c.taken[dir] = true
	}
	c.trees = append(c.trees, o.Dest)
	return nil
}

// mkdir makes a directory with those above it, unless it is there. It takes the place of
// a link or a file of what ships already, as those above it do, which belong to root.
func (c *collection) mkdir(dir string, uid, gid int) {
	if dir == "/" {
		return
	}
	for _, at := range append(ancestors(dir), dir) {
		if !c.mayBeTaken(at) {
			continue
		}
		owner := op.Owner(0, 0)
		if at == dir {
			owner = op.Owner(uid, gid)
		}
		// The copy of a directory itself leaves one that is there as it is.
		c.made = op.Then(c.made).Copy(bk.Scratch().File(bk.Mkdir(at, 0o755, bk.WithParents(true)), bk.WithCustomName("[internal] make a directory")),
			at, path.Join(path.Dir(at), "/")+"/", &bk.CopyInfo{AlwaysReplaceExistingDestPaths: true, ChownOpt: owner, CreatedTime: new(op.FileTime())})
	}
	c.made = op.Then(c.made).Mkdir(dir, 0o755, bk.WithParents(true), bk.WithUIDGID(uid, gid))
}

// mayBeTaken reports whether something may be at a path already: the path itself, or a
// tree that it is in.
func (c *collection) mayBeTaken(p string) bool {
	return c.taken[p] || slices.ContainsFunc(c.trees, func(tree string) bool { return plan.Within(p, tree) })
}

// selectedDir is where what is selected of a path lies, a directory or a file. It isn't the
// root of a tree, which would have neither the directory's owner nor its mode.
const selectedDir = "/selected"

// selected is what the patterns of an output select of its path, which the item has. What
// the path matches as a pattern lies there under its own names, and so does a file that goes
// into a directory.
func (c *collection) selected(it *item, o *plan.Output) bk.State {
	to := selectedDir
	if o.Into {
		to += "/"
	}
	return bk.Scratch().File(bk.Copy(it.from, it.src, to, &bk.CopyInfo{
		FollowSymlinks: true, AllowWildcard: it.pattern, CreateDestPath: o.Into, CopyDirContentsOnly: o.Into && !it.pattern,
		IncludePatterns: o.Include, ExcludePatterns: o.Exclude,
	}), c.of.on.Ops.At(o.Range), bk.WithCustomName(c.of.on.Ops.Name("select files for "+o.Dest)))
}

// item is an output as an item whose source is in the step.
func (c *collection) item(root bk.State, o *plan.Output) (item, error) {
	open := opener{placer: c.of.placer, ops: c.of.on.Ops}
	e := &plan.Entry{Range: o.Range, Dest: o.Dest, Into: o.Into, Mode: o.Mode, ModeChange: o.ModeChange, Owner: o.Owner}
	it := item{Entry: e, from: root, src: o.Path, contents: true, pattern: spec.HasGlob(o.Path)}
	if IsOne(o) {
		var err error
		if it.from, err = c.only(root, o); err != nil {
			return item{}, err
		}
		it.src, it.pattern = selectedDir, false
	}
	if it.pattern {
		it.src = plan.Matched(it.src)
	}
	if it.pattern || len(o.Include)+len(o.Exclude) > 0 {
		it.from, it.src, it.pattern = c.selected(&it, o), selectedDir, false
	}
	if e.Mode != nil && *e.Mode&0o111 == 0 {
		it.from, it.src = open.withoutX(it)
	}
	return it, nil
}

// only is what the pattern of an output matches if that is one file; otherwise the step
// fails.
func (c *collection) only(root bk.State, o *plan.Output) (bk.State, error) {
	return InStep(c.of.on, root, Step{
		KeepOwners: true, Outputs: []plan.Output{{Path: o.Path, Dest: selectedDir}},
		Name: c.of.on.Ops.Name("select the file for " + o.Dest), Opts: []bk.RunOption{c.of.on.Ops.At(o.Range)},
	})
}
