// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
)

// pipeline is the steps of a build.
type pipeline struct {
	c     *converter
	m     *definition.Map
	runAs string
	// bash says that the root has a bash, which scripts then run in.
	bash bool
}

// steps are the layers that the steps make, one after the other.
func (p *pipeline) steps() []draft.Layer {
	outer := &step{
		workdir: p.m.Text("work-dir"), shell: p.m.Text("shell"), env: p.m.Pairs("environment"),
		caches: p.caches(p.m), privileged: p.m.Flag("privileged"), user: p.runAs,
	}
	var out []draft.Layer
	for _, m := range p.m.Maps("pipeline") {
		out = append(out, p.step(outer, m))
	}
	return out
}

// step is what a step has, and all steps of a build have.
type step struct {
	workdir, shell, user string
	env                  []draft.Pair
	caches               []draft.Cache
	privileged           bool
}

func (p *pipeline) caches(m *definition.Map) []draft.Cache {
	var out []draft.Cache
	for _, c := range m.Maps("caches") {
		sharing := c.Text("sharing")
		if sharing == "shared" {
			sharing = ""
		}
		out = append(out, draft.Cache{Target: p.c.vars.text(c.Text("path")), Sharing: sharing})
	}
	return out
}

// step converts a step.
func (p *pipeline) step(outer *step, m *definition.Map) draft.Layer {
	l := draft.Layer{Name: m.Text("name")}
	m.Lost("if", "a layer has no condition")
	b := &draft.Build{
		Workdir: p.c.absolute(or(m.Text("work-dir"), outer.workdir, sourceDir)), User: or(m.Text("run-as"), outer.user),
		Cache: append(slices.Clone(outer.caches), p.caches(m)...), Shell: p.shell(or(m.Text("shell"), outer.shell)),
	}
	if b.User == "root" {
		b.User = ""
	}
	for _, v := range append(slices.Clone(outer.env), m.Pairs("environment")...) {
		b.Env = slices.DeleteFunc(b.Env, func(e draft.Pair) bool { return e.Name == v.Name })
		b.Env = append(b.Env, draft.Pair{Name: v.Name, Value: p.c.vars.step(v.Value)})
	}
	for _, s := range m.Maps("secrets") {
		s.Lost("if", "a secret has no condition")
		b.Secrets = append(b.Secrets, draft.Secret{ID: s.Text("id"), Env: s.Text("env"), Required: !s.Flag("optional")})
	}
	if m.Flag("privileged") || outer.privileged {
		m.Doubt("privileged", "the network is what such steps use it for, and steps of a build file have it; write security: insecure if it is more")
	}
	if uses := m.Text("uses"); uses != "" {
		b.Run, l.Comments = p.action(uses, m)
	} else {
		b.Run = p.c.vars.script(m.Text("runs"))
	}
	if strings.TrimSpace(b.Run) == "" {
		b.Run = ":"
	}
	b.Run = strings.TrimRight(b.Run, "\n") + "\n"
	if strings.Count(b.Run, "\n") == 1 {
		b.Run = strings.TrimSuffix(b.Run, "\n")
	}
	b.NoOut = ownOut.MatchString(b.Run)
	l.Build = b
	return l
}

// ownOut finds a variable of a script that a build file would take for its own.
var ownOut = regexp.MustCompile(`\$(out\b|\{out\b)`)

func or(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// shell is the shell of a script; nil for the usual one.
func (p *pipeline) shell(name string) []string {
	if name == "" && p.bash {
		name = "/bin/bash"
	}
	if name == "" {
		return nil
	}
	if !strings.HasPrefix(name, "/") {
		name = "/bin/" + name
	}
	return append(strings.Fields(name), "-e", "-c")
}

// directories are those that steps expect to be there.
func (p *pipeline) directories(entries []draft.Entry, steps []draft.Layer) []draft.Entry {
	var out []draft.Entry
	for _, dir := range []string{sourceDir, targetDir} {
		made := slices.ContainsFunc(entries, func(e draft.Entry) bool {
			return e.Dest == dir || strings.HasPrefix(e.Dest, dir+"/")
		})
		used := slices.ContainsFunc(steps, func(l draft.Layer) bool {
			return l.Build.Workdir == dir || strings.Contains(l.Build.Run, dir)
		})
		if used && !made {
			out = append(out, draft.Entry{Dest: dir, Directory: true})
		}
	}
	return out
}
