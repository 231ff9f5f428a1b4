// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// prepare finds the command's user and gives it its sources. It returns what the
// command runs in. One that changes the image gets them mounted, so that they are no
// part of it; for others they are copied into what it runs in, beside what is there.
func (c *Command) prepare(ctx context.Context, root bk.State) (bk.State, error) {
	if err := c.findUser(ctx, root); err != nil {
		return bk.State{}, err
	}
	root, err := c.settleHome(ctx, root)
	given := sources{to: c}
	switch {
	case err != nil:
		return bk.State{}, err
	case len(c.action.Sources) == 0:
		return root, nil
	case !c.action.Out:
		err = given.mount(ctx)
	default:
		root, err = given.put(ctx, root)
	}
	c.mounted = given.mounted
	return root, err
}

// chown gives what is copied to the command's user; nil leaves it to whom it belongs,
// which is root.
func (c *Command) chown() *bk.ChownOpt {
	if c.uid == 0 && c.gid == 0 {
		return nil
	}
	return op.Owner(c.uid, c.gid)
}

// found is a source that was looked for: the path of a state, or a pattern.
type found struct {
	plan.Source
	st      bk.State
	pattern bool
}

// isSelection reports whether something else than a single path is meant.
func (f *found) isSelection() bool { return len(f.Include)+len(f.Exclude) > 0 || f.pattern }

// selected is what of a tree is meant, at a path of a state, or with a slash at its end below
// that.
func (c *Command) selected(f *found, to string, chown *bk.ChownOpt) bk.State {
	return op.Restart(bk.Scratch().File(bk.Copy(f.st, f.Path, to, f.info(chown)),
		c.ops.At(c.layer.Range), bk.WithCustomName(c.ops.Name("select files for "+c.layer.Short()))))
}

// top is where what is selected for a user lies in a state, whose root is always root's.
func top(chown *bk.ChownOpt) string {
	if chown == nil {
		return "/"
	}
	return plan.SourceDir
}

// info is how a source is copied. What a pattern matches keeps its name.
func (f *found) info(chown *bk.ChownOpt) *bk.CopyInfo {
	from, pattern := f.Copy, f.pattern
	info := &bk.CopyInfo{
		FollowSymlinks: true, CopyDirContentsOnly: !pattern, CreateDestPath: true, AllowWildcard: pattern,
		IncludePatterns: from.Include, ExcludePatterns: from.Exclude, ChownOpt: chown,
	}
	if from.Checkout {
		info.Mode = op.CheckoutMode()
	}
	return info
}

// sources are what a command is given.
type sources struct {
	to      *Command
	mounted []mounted
}

// mounted is a source that is mounted: a path of a state.
type mounted struct {
	state        bk.State
	path, target string
	directory    bool
}

// find looks for a source, whose path is a pattern unless there is a file of that name.
func (r *Runner) find(ctx context.Context, s plan.Source) (found, error) {
	st, err := r.Trees(ctx, s.From)
	if err != nil {
		return found{}, err
	}
	f := found{Source: s, st: op.Restart(st)}
	if f.Path, f.pattern, err = place.Settle(ctx, r.Prober, f.st, s.Copy, s.Dest, s.Into); err != nil {
		return found{}, &plan.Fault{Range: spec.Range{Start: s.Pos, End: s.Pos}, Err: err}
	}
	if s.OwnName && !f.pattern {
		f.Dest, f.Into = path.Join(s.Dest, path.Base(f.Path)), false
	}
	return f, nil
}

// put puts the sources into what the command runs in. A single directory at the place
// that is made for it is mounted, which takes no copy.
func (g *sources) put(ctx context.Context, root bk.State) (bk.State, error) {
	if whole, err := g.mountWhole(ctx); whole || err != nil {
		return root, err
	}
	c := g.to
	var fa *bk.FileAction
	given := map[string]bool{"/": true}
	give := func(dir string) {
		if c.chown() != nil && !given[dir] {
			fa = g.give(fa, dir)
			given[dir] = true
		}
	}
	give(c.action.SourceDir())
	for _, planned := range c.action.Sources {
		s, err := g.to.runner.find(ctx, planned)
		if err != nil {
			return bk.State{}, err
		}
		dest, dir := s.Dest, path.Dir(s.Dest)
		if s.Into {
			dest, dir = path.Join(s.Dest, "/")+"/", s.Dest
		}
		give(dir)
		fa = op.Then(fa).Copy(s.st, s.Path, dest, s.info(c.chown()))
	}
	return op.Restart(root.File(fa, c.ops.At(c.layer.Range), bk.WithCustomName(c.ops.Name("sources of "+c.layer.Short())))), nil
}

// give makes a directory, or gives one that is there, to the command's user: a copy of a
// directory onto another one sets its owner if it is below the copy's root.
func (g *sources) give(fa *bk.FileAction, dir string) *bk.FileAction {
	opts := []bk.MkdirOption{bk.WithUIDGID(g.to.uid, g.to.gid), bk.WithCreatedTime(op.FileTime())}
	own := bk.Scratch().File(bk.Mkdir(path.Join("/", path.Base(dir)), 0o755, opts...), bk.WithCustomName("[internal] make a directory"))
	return op.Then(fa).Mkdir(dir, 0o755, append(opts, bk.WithParents(true))...).
		Copy(own, "/", path.Dir(dir), &bk.CopyInfo{CopyDirContentsOnly: true})
}

// mountWhole mounts the sources if they are a directory at the place that is made for
// it, and reports whether they are. What ships of it by outputs must be in the root.
func (g *sources) mountWhole(ctx context.Context) (bool, error) {
	a := g.to.action
	if len(a.Sources) > 1 {
		return false, nil
	}
	s, err := g.to.runner.find(ctx, a.Sources[0])
	if err != nil {
		return false, err
	}
	shipped := slices.ContainsFunc(a.Outputs, func(o plan.Output) bool {
		return plan.Within(o.Path, plan.SourceDir) || plan.Within(plan.SourceDir, o.Path)
	})
	if s.Dest != plan.SourceDir || !s.Into || s.isSelection() || shipped {
		return false, nil
	}
	if is, err := place.IsDirectory(ctx, g.to.runner.Prober, s.st, s.Path); !is || err != nil {
		return false, err
	}
	g.mountDirectory(&s)
	return true, nil
}

// mount mounts each source where the command finds it.
func (g *sources) mount(ctx context.Context) error {
	for _, s := range g.to.action.Sources {
		found, err := g.to.runner.find(ctx, s)
		if err == nil {
			err = g.mountSource(ctx, &found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mountSource mounts a source, each match of a pattern by itself.
func (g *sources) mountSource(ctx context.Context, s *found) error {
	if s.pattern {
		return g.mountMatches(ctx, g.to.selected(s, "/", g.to.chown()), s.Dest)
	}
	directory, err := place.IsDirectory(ctx, g.to.runner.Prober, s.st, s.Path)
	switch {
	case err != nil:
		return err
	case s.Dest == "/" && directory:
		return plan.Mistakef("mount the source: it would hide the whole image; name a workdir, or let the command write to $out")
	case directory && s.isSelection():
		at := top(g.to.chown())
		g.mounted = append(g.mounted, mounted{state: g.to.selected(s, at, g.to.chown()), path: at, target: s.Dest, directory: true})
	case directory:
		g.mountDirectory(s)
	default:
		g.mountFile(s)
	}
	return nil
}

// mountDirectory notes a directory that is mounted at a source's place.
func (g *sources) mountDirectory(s *found) {
	m := mounted{state: s.st, path: s.Path, target: s.Dest, directory: true}
	if chown := g.to.chown(); chown != nil {
		m.state = bk.Scratch().File(bk.Copy(s.st, s.Path, plan.SourceDir, &bk.CopyInfo{
			CopyDirContentsOnly: true, CreateDestPath: true, ChownOpt: chown,
		}), g.to.ops.At(g.to.layer.Range), bk.WithCustomName(g.to.ops.Name("give the source to "+g.to.action.User)))
		m.path = plan.SourceDir
	}
	g.mounted = append(g.mounted, m)
}

// mountFile notes a single file that is mounted.
func (g *sources) mountFile(s *found) {
	m := mounted{state: s.st, path: s.Path, target: s.Dest}
	if s.Into {
		m.target = path.Join(s.Dest, path.Base(s.Path))
	}
	if chown := g.to.chown(); chown != nil {
		m.state, m.path = g.to.selected(s, plan.SourceDir, chown), plan.SourceDir
	}
	g.mounted = append(g.mounted, m)
}

// mountMatches notes all that a state has, each under its own name.
func (g *sources) mountMatches(ctx context.Context, st bk.State, dest string) error {
	stats, err := g.to.runner.Prober.List(ctx, st, "/")
	if err != nil {
		return fmt.Errorf("look at the sources: %w", err)
	}
	found := map[string]bool{}
	for _, stat := range stats {
		found[path.Base(stat.Path)] = os.FileMode(stat.Mode).IsDir()
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		g.mounted = append(g.mounted, mounted{state: st, path: path.Join("/", name), target: path.Join(dest, name), directory: found[name]})
	}
	return nil
}

// mountPoints are the directories that a command's root needs for what is mounted there,
// beside those that are mounted.
func mountPoints(outside []string, given []mounted) []string {
	dirs := slices.Clone(outside)
	for _, m := range given {
		if !m.directory {
			dirs = append(dirs, path.Dir(m.target))
		}
	}
	slices.Sort(dirs)
	return slices.DeleteFunc(slices.Compact(dirs), func(dir string) bool { return dir == "/" })
}
