// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Plan applies the rules that look at what was planned with a lock, which may be nil.
func Plan(s *spec.Spec, p *plan.Plan, locked *lock.File) []*spec.Error {
	l := &pass{spec: s, lock: locked}
	for _, img := range p.Images {
		l.base(s.Target(img.Target), img)
		l.inherited(s.Target(img.Target), img)
		l.hidden(img)
		l.caches(img)
	}
	return l.found
}

// base looks at the reference that a target is made from. It has a digest by now, so
// what the build file has counts.
func (l *pass) base(t *spec.Target, img *plan.Image) {
	if t != nil && img.From.Kind == plan.Registry {
		l.unpinned(t)
	}
}

// Bases applies the rule about the references that targets are made from, as Plan does,
// where nothing was planned.
func Bases(s *spec.Spec) []*spec.Error {
	l := &pass{spec: s}
	for i := range s.Targets {
		kind, _, _ := strings.Cut(s.Targets[i].From.Value, ":")
		if !slices.Contains([]string{"", "scratch", "target", "context", "dockerfile"}, kind) {
			l.unpinned(&s.Targets[i])
		}
	}
	return l.found
}

// unpinned looks at the reference that a target is made from.
func (l *pass) unpinned(t *spec.Target) {
	for _, text := range texts(t.From) {
		name, _, pinned := strings.Cut(text.Value, "@")
		if pinned || strings.Contains(name, "$") || l.lock.Image(name) != nil {
			continue
		}
		tag := "latest"
		if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
			tag = name[i+1:]
		}
		if !strings.ContainsAny(tag, "0123456789") {
			l.report(UnpinnedBase, text.Pos, "the tag %s of %s moves: name a version or a digest", tag, name)
		}
	}
}

// inherited looks at what a target has from its base.
func (l *pass) inherited(t *spec.Target, img *plan.Image) {
	if t == nil || img.Base == nil || img.From.Kind == plan.Target {
		return
	}
	for _, kv := range img.Base.Config.Env {
		name, _, _ := strings.Cut(kv, "=")
		for _, a := range l.spec.Args {
			if a.Name == name {
				l.report(ArgShadowsVariable, a.Pos, "argument %s has the name of a variable of the base %s", name, t.From.Value)
			}
		}
	}
	if dir := img.Base.Config.WorkingDir; dir != "" && !path.IsAbs(dir) && !t.Config.Workdir.IsSet() {
		l.report(WorkdirRelativePath, t.From.Pos, "the working directory of the base, %q, is relative; set config.workdir", dir)
	}
}

// hidden looks for files that a layer puts where another one has put some.
func (l *pass) hidden(img *plan.Image) {
	put := placed{at: map[string]spec.Range{}, above: map[string]spec.Range{}}
	databases := map[distro.Database]spec.Range{}
	for _, layer := range img.Layers {
		if db := databaseOf(&layer); db != nil {
			databases[db] = layer.Range
		}
		a, ok := layer.Action.(*plan.Files)
		for i := 0; ok && i < len(a.Entries); i++ {
			e := &a.Entries[i]
			at, there := put.under(e)
			for db, written := range databases {
				if isOneFile(e) && db.IsDatabase(strings.TrimPrefix(e.Dest, "/")) {
					at, there = written, true
				}
			}
			if there {
				l.report(HiddenFile, e.Range.Start, "%s replaces what line %d puts there", e.Dest, at.Start.Line)
			}
			put.add(e)
		}
	}
}

// placed are the places of entries, and the directories above them.
type placed struct{ at, above map[string]spec.Range }

// under finds an entry that has put something, or has a directory, where another one puts a
// single file or link.
func (p placed) under(e *plan.Entry) (spec.Range, bool) {
	if !isOneFile(e) {
		return spec.Range{}, false
	}
	if at, ok := p.at[e.Dest]; ok {
		return at, true
	}
	at, ok := p.above[e.Dest]
	return at, ok
}

func (p placed) add(e *plan.Entry) {
	if e.Into || e.Directory {
		p.above[e.Dest] = e.Range
	} else {
		p.at[e.Dest] = e.Range
	}
	for dir := path.Dir(e.Dest); dir != "/"; dir = path.Dir(dir) {
		p.above[dir] = e.Range
	}
}

// databaseOf is the database that a layer installs packages in; nil for other layers.
func databaseOf(layer *plan.Layer) distro.Database {
	a, ok := layer.Action.(*plan.Install)
	if !ok {
		return nil
	}
	db, _ := distro.Find(systems.All(), string(a.Format)).(distro.Database)
	return db
}

// isOneFile reports whether an entry is a file or a link of its own name.
func isOneFile(e *plan.Entry) bool {
	return !e.Into && !e.Extract && (e.Content != nil || e.Symlink != "" || e.HTTP != nil)
}

// caches looks for caches over what the image is expected to have.
func (l *pass) caches(img *plan.Image) {
	c := img.Config.Config
	wanted := map[string]string{"the working directory": c.WorkingDir}
	if len(c.Entrypoint) > 0 {
		wanted["the entrypoint"] = c.Entrypoint[0]
	} else if len(c.Cmd) > 0 {
		wanted["the command"] = c.Cmd[0]
	}
	for _, layer := range img.Layers {
		e, ok := layer.Action.(*plan.Exec)
		if !ok || e.Out {
			continue
		}
		for _, m := range e.Cache {
			for _, what := range []string{"the command", "the entrypoint", "the working directory"} {
				if p := wanted[what]; path.IsAbs(p) && plan.Within(path.Clean(p), m.Target) {
					l.report(CacheInShippedPath, e.Range.Start, "%s, %s, is in the cache %s, which is no part of the image", what, p, m.Target)
				}
			}
		}
	}
}
