// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
)

// builds makes a target of each build, and returns the layers with what they ship.
func (c *converter) builds(contents *definition.Map) []draft.Layer {
	var layers []draft.Layer
	for _, m := range contents.Maps("builds") {
		if l := c.build(m); len(l.Files) > 0 {
			layers = append(layers, l)
		}
	}
	return layers
}

var notName = regexp.MustCompile(`[^a-z0-9._]+`)

// targetName is a name that no other target has.
func (c *converter) targetName(text string) string {
	base := strings.Trim(notName.ReplaceAllString(strings.ToLower(text), "-"), "-._")
	if base == "" || slices.Contains([]string{"default", "scratch", "layers", "context", "target", "dockerfile", "contents", "strata.lock", attestations}, base) || strings.HasPrefix(base, "archives") {
		base = strings.TrimSuffix("build-"+base, "-")
	}
	name := base
	for n := 2; slices.ContainsFunc(c.file.Targets, func(t draft.Target) bool { return t.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// build converts a build: its root, its steps, and what ships.
func (c *converter) build(m *definition.Map) draft.Layer {
	t := draft.Target{Name: c.targetName(m.Text("name")), From: c.vars.text(m.Text("uses"))}
	m.Lost("if", "a target has no condition")
	m.Lost("entitlement", "who may have what is not the build file's")
	m.Lost("matrix", "a build file has no matrix; write a target for each")
	outer := c.users
	accounts, contents := m.Map("accounts"), m.Map("contents")
	users, groups := c.readAccounts(accounts, contents)
	accounts.Flag("root")
	t.Users, t.Groups = definition.Accounts(users, groups)
	c.users = users // those of the image aren't there
	p := &pipeline{c: c, m: m, runAs: accounts.Text("run-as")}
	t.Layers = c.contents(contents)
	p.bash = hasBash(t.Layers) || t.From != ""
	paths, after := c.paths(m)
	entries := append(c.files(contents), paths...)
	steps := p.steps()
	entries = append(p.directories(entries, steps), entries...)
	if len(entries) > 0 {
		t.Layers = append(t.Layers, draft.Layer{Files: entries})
	}
	t.Layers = append(t.Layers, after...)
	c.users = outer
	ships := c.outputs(m, t.Name)
	if slices.ContainsFunc(ships, func(e draft.Entry) bool { return e.Changed }) {
		t = c.apart(t)
	}
	t.Layers = append(t.Layers, steps...)
	if len(ships) == 0 && !m.Has("outputs") {
		m.Doubt("name", "nothing of it ships, so the target %s is used by none", t.Name)
	}
	c.file.Targets = append(c.file.Targets, t)
	c.predicates(m, t.Name)
	return draft.Layer{Files: ships}
}

// apart makes the root of a build a target of its own, and returns the one for its steps,
// of which only what they change in the root ships.
func (c *converter) apart(root draft.Target) draft.Target {
	steps := draft.Target{Name: root.Name}
	root.Name = c.targetName(root.Name + "-root")
	steps.From = "target:" + root.Name
	c.file.Targets = append(c.file.Targets, root)
	return steps
}

// attestations is the target with what statements about the image say.
const attestations = "attestations"

// predicates puts what a build states about the image into a target of its own: who
// attaches it signs it.
func (c *converter) predicates(m *definition.Map, target string) {
	var entries []draft.Entry
	for _, a := range m.Maps(attestations) {
		a.Lost("if", "an entry has no condition")
		kind, source := a.Text("predicate-type"), c.vars.text(a.Text("source"))
		e := draft.Entry{
			Comments: []string{"cosign attest --type " + kind + " --predicate FILE IMAGE"},
			Dest:     "/" + target + "/", From: "target:" + target, Sources: []string{source}, Changed: a.Flag("diff"),
		}
		entries = append(entries, e)
		a.Changed("predicate-type", "strata build --target %s -o DIR . writes the statement; cosign attest --type %s signs and attaches it", attestations, kind)
	}
	if len(entries) == 0 {
		return
	}
	for i := range c.file.Targets {
		if t := &c.file.Targets[i]; t.Name == attestations {
			t.Layers = append(t.Layers, draft.Layer{Files: entries})
			return
		}
	}
	c.file.Targets = append(c.file.Targets, draft.Target{Name: attestations, Layers: []draft.Layer{{Files: entries}}})
}

func hasBash(layers []draft.Layer) bool {
	return slices.ContainsFunc(layers, func(l draft.Layer) bool {
		return l.Packages != nil && slices.ContainsFunc(l.Packages.Names, func(n string) bool { return packageName(n) == "bash" })
	})
}

// sbomDir is where the definition's frontend leaves lists of contents as files.
const sbomDir = "/opt/docker/sbom"

// outputs are the files of a build that ship.
func (c *converter) outputs(m *definition.Map, target string) []draft.Entry {
	var out []draft.Entry
	for _, o := range m.Maps("outputs") {
		o.Lost("if", "an entry has no condition")
		source, dest := c.vars.text(o.Text("source")), c.vars.text(o.Text("target"))
		e := draft.Entry{Dest: dest, From: "target:" + target, Sources: []string{source}, Owner: c.owner(o), Mode: o.Text("mode"), Changed: o.Flag("diff")}
		if source == sbomDir || strings.HasPrefix(source, sbomDir+"/") {
			o.Changed("source", "the list of contents is an attestation of the image (--sbom true), not a file in it")
			continue
		}
		if strings.ContainsAny(source, "*?[") && !strings.HasSuffix(dest, "/") {
			e.Dest += "/"
		}
		out = append(out, e)
	}
	return out
}
