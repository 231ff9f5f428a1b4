// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bytes is the build file's text.
func (f *File) Bytes() ([]byte, error) {
	root := newMapping()
	if len(f.Args) > 0 {
		root.put("args", argsNode(f.Args))
	}
	root.target(&f.Main)
	if len(f.Targets) > 0 {
		m := newMapping()
		for i := range f.Targets {
			t := newMapping()
			t.target(&f.Targets[i])
			m.put(f.Targets[i].Name, layout(t.node, width), f.Targets[i].Comments...)
		}
		root.put("targets", m.node)
	}
	share(root.node)
	quote(root.node, false)
	var wrap wrapper
	wrap.take(root.node)
	var out bytes.Buffer
	if len(f.Head) > 0 {
		out.WriteString(comment(f.Head) + "\n")
	}
	if len(root.node.Content) > 0 {
		e := yaml.NewEncoder(&out)
		e.SetIndent(2)
		if err := e.Encode(root.node); err != nil {
			return nil, fmt.Errorf("write the build file: %w", err)
		}
		if err := e.Close(); err != nil {
			return nil, fmt.Errorf("write the build file: %w", err)
		}
	}
	if len(f.Foot) > 0 {
		out.WriteString(comment(f.Foot) + "\n")
	}
	text, err := wrap.give(out.String())
	return []byte(text), err
}

func argsNode(args []Arg) *yaml.Node {
	m := newMapping()
	for _, a := range args {
		value := text(a.Default)
		switch {
		case a.Required:
			value = plain("null")
		case len(a.Platforms) > 0:
			value = pairs(a.Platforms)
		case a.Optional:
			o := newMapping()
			o.flag("optional", true)
			value = layout(o.node, width)
		}
		m.put(a.Name, value, a.Comments...)
	}
	return layout(m.node, width)
}

func (m mapping) target(t *Target) {
	m.text("from", t.From, t.FromComments...)
	m.text("platform", t.Platform)
	m.texts("tags", t.Tags)
	m.texts("platforms", t.Platforms)
	if len(t.Users) > 0 {
		m.nodes("users", list(t.Users, userNode))
	}
	if len(t.Groups) > 0 {
		m.nodes("groups", list(t.Groups, groupNode))
	}
	if len(t.Layers) > 0 {
		m.put("layers", list(t.Layers, layerNode))
	}
	if c := configNode(&t.Config); len(c.Content) > 0 {
		m.put("config", layout(c, width))
	}
	if len(t.Annotations) > 0 {
		m.put("annotations", pairs(t.Annotations))
	}
	if t.MaxLayers > 0 {
		m.put("max_layers", plain(fmt.Sprint(t.MaxLayers)))
	}
	if len(t.Tests) > 0 {
		m.put("tests", list(t.Tests, testNode))
	}
}

func testNode(t Test) *yaml.Node {
	m := newMapping()
	m.text("name", t.Name)
	m.text("run", t.Run)
	expect := newMapping()
	if t.Exit != 0 {
		expect.put("exit", plain(fmt.Sprint(t.Exit)))
	}
	if t.Stdout != "" {
		expect.put("stdout", pairs([]Pair{{Name: "contains", Value: t.Stdout}}))
	}
	if len(expect.node.Content) > 0 {
		m.put("expect", layout(expect.node, width))
	}
	return layout(m.node, width)
}

// about adds what something is.
func (m mapping) about(a About) {
	m.text("purl", a.PURL)
	m.text("license", a.License)
	m.text("version", a.Version)
	m.nodes("contains", list(a.Contains, func(c About) *yaml.Node {
		part := newMapping()
		part.about(c)
		return layout(part.node, width)
	}))
}

func layerNode(l Layer) *yaml.Node {
	m := newMapping()
	m.text("name", l.Name)
	switch {
	case l.Packages != nil:
		m.put("packages", packagesNode(l.Packages))
	case l.Build != nil:
		m.put("build", layout(buildNode(l.Build), width-10))
	default:
		entries := list(l.Files, entryNode)
		if len(entries.Content) == 1 {
			layout(entries, width-12)
		}
		m.put("files", entries)
	}
	m.node.HeadComment = comment(l.Comments)
	return m.node
}

func entryNode(e Entry) *yaml.Node {
	m := newMapping()
	m.text("dest", e.Dest)
	if e.Content != nil {
		m.put("content", text(*e.Content))
	}
	m.flag("expand", e.Expand)
	m.text("from", e.From)
	m.text("platform", e.Platform)
	if len(e.Sources) > 0 {
		m.put("source", oneOrMore(e.Sources))
	}
	m.flag("optional", e.Optional)
	m.flag("changed", e.Changed)
	m.text("url", e.URL)
	m.text("checksum", e.Checksum)
	m.text("git", e.Git)
	m.flag("extract", e.Extract)
	if e.Strip > 0 {
		m.put("strip", plain(fmt.Sprint(e.Strip)))
	}
	m.texts("include", e.Include)
	m.texts("exclude", e.Exclude)
	m.text("symlink", e.Symlink)
	m.flag("directory", e.Directory)
	m.text("mode", e.Mode)
	m.text("owner", e.Owner)
	m.about(e.About)
	layout(m.node, width)
	m.node.HeadComment = comment(e.Comments)
	return m.node
}

func packagesNode(p *Packages) *yaml.Node {
	names := texts(p.Names)
	if !p.Recommends && p.Upgrade == "" && p.Like == "" && len(p.Repositories)+len(p.PURLs) == 0 {
		return names
	}
	m := newMapping()
	if len(p.Names) > 0 {
		m.put("names", names)
	}
	m.nodes("repositories", list(p.Repositories, repositoryNode))
	m.text("like", p.Like)
	m.text("upgrade", p.Upgrade)
	if p.Upgrade == "true" {
		m.node.Content[len(m.node.Content)-1] = plain("true")
	}
	m.flag("recommends", p.Recommends)
	if len(p.PURLs) > 0 {
		m.put("purls", pairs(p.PURLs))
	}
	return layout(m.node, width-10)
}

// repositoryNode is an archive of apk.
func repositoryNode(uri string) *yaml.Node {
	return pairs([]Pair{{Name: "type", Value: "apk"}, {Name: "uri", Value: uri}})
}

func userNode(u User) *yaml.Node {
	m := newMapping()
	m.text("name", u.Name)
	if u.UID != "" {
		m.put("uid", number(u.UID))
	}
	if u.Group != "" {
		m.put("group", number(u.Group))
	}
	m.texts("groups", u.Groups)
	m.text("home", u.Home)
	m.text("shell", u.Shell)
	m.text("comment", u.Comment)
	m.flag("system", u.System)
	return layout(m.node, width)
}

func groupNode(g Group) *yaml.Node {
	m := newMapping()
	m.text("name", g.Name)
	if g.GID != "" {
		m.put("gid", number(g.GID))
	}
	m.texts("members", g.Members)
	m.flag("system", g.System)
	return layout(m.node, width)
}

func configNode(c *Config) *yaml.Node {
	m := newMapping()
	lists := func(key string, values []string) {
		if values != nil {
			m.put(key, texts(values), c.Comments[key]...)
		}
	}
	m.text("author", c.Author, c.Comments["author"]...)
	if len(c.Env) > 0 {
		m.put("env", pairs(c.Env), c.Comments["env"]...)
	}
	m.text("workdir", c.Workdir, c.Comments["workdir"]...)
	m.text("user", c.User, c.Comments["user"]...)
	lists("entrypoint", c.Entrypoint)
	lists("cmd", c.Cmd)
	if len(c.Expose) > 0 {
		m.put("expose", layout(list(c.Expose, number), width), c.Comments["expose"]...)
	}
	if len(c.Volumes) > 0 {
		lists("volumes", c.Volumes)
	}
	if len(c.Labels) > 0 {
		m.put("labels", pairs(c.Labels), c.Comments["labels"]...)
	}
	m.text("stop_signal", c.StopSignal, c.Comments["stop_signal"]...)
	lists("shell", c.Shell)
	if len(c.OnBuild) > 0 {
		lists("onbuild", c.OnBuild)
	}
	if h := c.Healthcheck; h != nil {
		m.put("healthcheck", healthcheckNode(h), c.Comments["healthcheck"]...)
	}
	return m.node
}

func healthcheckNode(h *Healthcheck) *yaml.Node {
	m := newMapping()
	switch {
	case len(h.Test) == 2 && h.Test[0] == "CMD-SHELL" && strings.TrimSpace(h.Test[1]) != "":
		m.text("test", h.Test[1])
	case len(h.Test) > 0:
		m.put("test", texts(h.Test))
	}
	m.text("interval", h.Interval)
	m.text("timeout", h.Timeout)
	m.text("start_period", h.StartPeriod)
	m.text("start_interval", h.StartInterval)
	if h.Retries > 0 {
		m.put("retries", plain(fmt.Sprint(h.Retries)))
	}
	return layout(m.node, width)
}
