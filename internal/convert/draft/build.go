// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

func buildNode(b *Build) *yaml.Node {
	m := newMapping()
	m.text("from", b.From)
	m.text("platform", b.Platform)
	m.text("workdir", b.Workdir)
	m.text("user", b.User)
	m.sources(b.Sources)
	if len(b.Env) > 0 {
		m.put("env", pairs(b.Env))
	}
	if b.Args != nil {
		m.put("args", texts(b.Args))
	}
	m.inputs(b)
	m.text("network", b.Network)
	m.text("security", b.Security)
	m.texts("shell", b.Shell)
	if b.NoErrexit {
		m.put("errexit", plain("false"))
	}
	if b.NoOut {
		m.put("out", plain("false"))
	}
	if b.Argv != nil {
		m.put("run", texts(b.Argv))
	} else {
		m.text("run", b.Run)
	}
	m.nodes("outputs", list(b.Outputs, outputNode))
	m.text("owner", b.Owner)
	m.about(b.About)
	return m.node
}

// inputs are what is mounted.
func (m mapping) inputs(b *Build) {
	m.nodes("mounts", list(b.Mounts, mountNode))
	m.nodes("cache", list(b.Cache, cacheNode))
	m.nodes("tmpfs", list(b.Tmpfs, tmpfsNode))
	m.nodes("secrets", list(b.Secrets, secretNode))
	m.nodes("ssh", list(b.SSH, sshNode))
	m.nodes("devices", list(b.Devices, deviceNode))
}

func (m mapping) sources(all []Source) {
	switch {
	case len(all) == 0:
	case len(all) == 1 && (isShort(all[0]) || all[0].From != "" || all[0].Dest != ""):
		m.put("source", sourceNode(all[0]))
	default:
		m.nodes("source", list(all, sourceNode))
	}
}

func isShort(s Source) bool {
	return s.From == "" && s.Dest == "" && len(s.Include)+len(s.Exclude) == 0
}

func sourceNode(s Source) *yaml.Node {
	if isShort(s) {
		return text(s.Path)
	}
	m := newMapping()
	m.text("from", s.From)
	m.text("path", s.Path)
	m.text("dest", s.Dest)
	m.texts("include", s.Include)
	m.texts("exclude", s.Exclude)
	return layout(m.node, width)
}

func outputNode(o Output) *yaml.Node {
	if o.Dest == "" && o.Owner == "" && o.Mode == "" && len(o.Include)+len(o.Exclude) == 0 {
		return text(o.Source)
	}
	m := newMapping()
	m.text("source", o.Source)
	m.text("dest", o.Dest)
	m.texts("include", o.Include)
	m.texts("exclude", o.Exclude)
	m.text("mode", o.Mode)
	m.text("owner", o.Owner)
	return layout(m.node, width)
}

func mountNode(v Mount) *yaml.Node {
	m := newMapping()
	m.text("target", v.Target)
	m.text("from", v.From)
	m.text("source", v.Source)
	m.flag("writable", v.Writable)
	return layout(m.node, width)
}

func cacheNode(v Cache) *yaml.Node {
	if v == (Cache{Target: v.Target}) {
		return text(v.Target)
	}
	m := newMapping()
	m.text("target", v.Target)
	m.text("id", v.ID)
	m.text("sharing", v.Sharing)
	m.text("from", v.From)
	m.text("source", v.Source)
	m.text("owner", v.Owner)
	m.text("mode", v.Mode)
	m.flag("readonly", v.ReadOnly)
	return layout(m.node, width)
}

func tmpfsNode(v Tmpfs) *yaml.Node {
	if v.Size == "" {
		return text(v.Target)
	}
	m := newMapping()
	m.text("target", v.Target)
	m.text("size", v.Size)
	return layout(m.node, width)
}

func secretNode(v Secret) *yaml.Node {
	m := newMapping()
	m.text("id", v.ID)
	m.text("target", v.Target)
	m.text("env", v.Env)
	m.flag("required", v.Required)
	m.text("mode", v.Mode)
	m.text("owner", v.Owner)
	return layout(m.node, width)
}

func sshNode(v SSH) *yaml.Node {
	if v == (SSH{ID: v.ID}) && v.ID != "" {
		return text(v.ID)
	}
	m := newMapping()
	m.text("id", v.ID)
	m.text("target", v.Target)
	m.flag("required", v.Required)
	m.text("mode", v.Mode)
	m.text("owner", v.Owner)
	return layout(m.node, width)
}

func deviceNode(v Device) *yaml.Node {
	if v.Required {
		return text(v.Name)
	}
	m := newMapping()
	m.text("name", v.Name)
	m.put("required", plain("false"))
	return layout(m.node, width)
}

// RefersTo reports whether a build takes something from a tree.
func (b *Build) RefersTo(tree string) bool {
	return b.From == tree ||
		slices.ContainsFunc(b.Sources, func(s Source) bool { return s.From == tree }) ||
		slices.ContainsFunc(b.Mounts, func(m Mount) bool { return m.From == tree }) ||
		slices.ContainsFunc(b.Cache, func(c Cache) bool { return c.From == tree })
}
