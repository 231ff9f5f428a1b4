// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// resolve finds out what the packages of the target are today, and how they are
// installed. It leaves them in the set, and in the lock that is being written.
func (s *packageSet) resolve(ctx context.Context, archives distro.Archives, base tree.Tree) (err error) {
	if err := s.goUnlocked(); err != nil {
		return err
	}
	request := s.request(ctx, base)
	if request.Files, err = s.files.toResolve(ctx); err != nil {
		return err
	}
	solution, err := distro.Until(ctx, func() (*distro.Solution, error) { return archives.Resolve(ctx, request) })
	if err != nil {
		return s.asked.fault(err)
	}
	for _, w := range solution.Warnings {
		s.t.pass.warn(RulePackages, s.asked.pos(w.Name), "", "%s", w.Text)
	}
	s.uris, s.logins = map[string][]string{}, map[string]*plan.Login{}
	for _, r := range solution.Repositories {
		s.uris[r.ID], s.logins[r.ID] = archives.Addresses(r), s.from.logins.ofAny(r.URIs)
	}
	s.locked = s.lock(solution)
	if err := s.chooseInstaller(ctx); err != nil {
		return err
	}
	if s.t.pass.req.Lock.Store == nil {
		return nil
	}
	s.t.pass.req.Lock.Store(s.t.described.Name, lock.Platform{Name: lockPlatform(s.t), Packages: s.locked}, s.from.lockedAs(solution.Repositories))
	return nil
}

// request is what the target asks of an archive.
func (s *packageSet) request(ctx context.Context, base tree.Tree) distro.Request {
	t := s.t
	r := distro.Request{
		Platform: t.image.Platform, Recommends: s.asked.recommends(), AllowHeld: s.asked.allowHeld(),
		Upgrade: s.asked.upgrade, UpgradeLayer: s.asked.upgradeLayer, Sources: s.asked.sources, Base: base, Like: s.from.configured, Fetch: s.from.fetcher(ctx), Now: t.pass.req.Now, Keep: s.keep(),
		Context: func(ctx context.Context, name string) (tree.Tree, error) {
			return t.pass.req.Looker.Look(ctx, t.pass.plan, plan.Tree{Kind: plan.Main}, []string{name})
		},
		Known: func(id string) *distro.Repository { return t.pass.req.Lock.repository(s.before(), id) },
	}
	for _, e := range s.asked.entries {
		var names []string
		for _, name := range e.names {
			names = append(names, name.Value)
		}
		r.Layers = append(r.Layers, names)
	}
	return r
}

// keep are the versions that the lock has, but for those that are to be updated.
func (s *packageSet) keep() []distro.Kept {
	old := s.before()
	if old == nil || s.t.pass.req.Lock.Updates(AllPackages) {
		return nil
	}
	var kept []distro.Kept
	for _, p := range old.Packages {
		if !slices.Contains(s.t.pass.req.Lock.Update, p.Name) {
			kept = append(kept, distro.Kept{Name: p.Name, Version: p.Version, Arch: p.Arch})
		}
	}
	return kept
}

// lock writes a solution down.
func (s *packageSet) lock(solution *distro.Solution) *lock.Packages {
	out := &lock.Packages{Base: s.t.basePin(), Wanted: s.asked.wanted(), Recommends: s.asked.recommends(), Upgrade: string(s.asked.upgrade), AllowHeld: s.asked.allowHeld(), Manual: solution.Manual}
	if s.from.like != nil {
		out.Like = pin(*s.from.like)
	}
	for _, p := range solution.Packages {
		out.Packages = append(out.Packages, s.files.lockPackage(p))
	}
	for _, p := range solution.Present {
		out.Present = append(out.Present, s.files.lockPackage(p))
	}
	if len(s.files.all) > 0 {
		out.Type = s.from.system.Facts().Type
	}
	out.Sort()
	return out
}

// lockPackage writes a package down, which may be a file.
func (s *fileSet) lockPackage(p distro.Package) lock.Package {
	out := lock.Package{
		Name: p.Name, Version: p.Version, Arch: p.Arch, Source: p.Source, Repository: p.Repository, Path: p.Path,
		Size: p.Size, SHA256: p.SHA256, Layer: p.Layer, Beside: p.Beside,
	}
	if p.File == "" {
		return out
	}
	for _, o := range s.open {
		if o.id() == p.File {
			out.From, out.File = o.from, strings.TrimPrefix(o.path, "/")
			return out
		}
	}
	out.URL = p.File
	return out
}

// lockedAs are repositories as the lock has them.
func (s *origin) lockedAs(repositories []distro.Repository) []lock.Repository {
	out := make([]lock.Repository, 0, len(repositories))
	for _, r := range repositories {
		locked := lock.Repository{
			ID: r.ID, Type: s.system.Facts().Type, URIs: r.URIs, Suite: r.Suite, Components: r.Components,
			Distribution: r.Distribution, Date: r.Date, Signers: r.Signers, Trusted: r.Trusted,
		}
		if login := s.logins.ofAny(r.URIs); login != nil {
			locked.Login = login.InBase || login.Image != nil
		}
		if r.Given {
			locked.URIs = nil
		}
		out = append(out, locked)
	}
	return out
}

// planTool lets the base's own program install each entry, in a command in the image.
func (s *packageSet) planTool(ctx context.Context, tool distro.Tool, base tree.Tree) error {
	t := s.t
	if len(s.files.all) > 0 {
		return t.read.errorf(s.files.all[0].name.Pos, "packages of %s can't come from files here; copy them in a files layer and run its own tool in a build layer", s.from.system.Facts().Name)
	}
	if s.asked.upgrade != distro.UpgradeNothing {
		return t.read.errorf(s.asked.upgradePos, "packages of %s are not brought up to date so; run its own tool in a build layer", s.from.system.Facts().Name)
	}
	for _, e := range s.asked.entries {
		names := make([]string, 0, len(e.names))
		for _, n := range e.names {
			names = append(names, n.Value)
		}
		command, err := tool.Command(ctx, distro.ToolRequest{
			Base: base, Names: names, Recommends: e.layer.Packages.Recommends, SkipScripts: e.skipsScripts,
		})
		if err != nil {
			var about *distro.Error
			if errors.As(err, &about) && about.Part == distro.Scripts {
				return t.read.errorf(e.layer.Packages.Scripts.Pos, "%w", err)
			}
			return s.asked.fault(err)
		}
		run := &plan.Exec{
			Range: e.layer.Range, From: plan.Tree{Kind: plan.Layers}, Platform: t.image.Platform,
			Args: command.Args, Env: s.t.image.BaseEnv(), Cwd: "/", Network: "default",
		}
		for _, c := range command.Caches {
			run.Cache = append(run.Cache, plan.Cache{Target: c.Path, ID: "strata-" + c.Name + "-" + t.image.Platform, Sharing: "locked"})
		}
		for _, dir := range command.Memory {
			run.Tmpfs = append(run.Tmpfs, plan.Tmpfs{Target: dir})
		}
		s.planned = append(s.planned, []plan.Layer{{
			Name: e.layer.Name, Strategy: "packages", Words: "packages " + plan.Few(names), Range: e.layer.Range, Action: run,
		}})
	}
	return nil
}
