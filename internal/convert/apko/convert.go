// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package apko turns an apko file into a build file: packages of apk on scratch, with
// accounts and paths. What a build file can't say is a note.
package apko

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/google/shlex"
	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
)

// Result is what an apko file became.
type Result struct {
	File *draft.File
	// Notes are in the order of the file.
	Notes []report.Note
}

// keys are those that an apko file has at the top.
func keys() []string {
	return []string{
		"accounts", "annotations", "archs", "certificates", "cmd", "contents", "entrypoint", "environment", "format", "include", "layering",
		"paths", "stop-signal", "vcs-url", "volumes", "work-dir",
	}
}

// Is reports whether a file is one for apko: it says what packages are in the image, or
// what it includes, and has no key that apko doesn't know.
func Is(data []byte) bool {
	d, err := definition.Parse(data)
	if err != nil || !d.Top.Has("contents") && !d.Top.Has("include") {
		return false
	}
	for _, p := range d.Top.Keys() {
		if !slices.Contains(keys(), p) {
			return false
		}
	}
	return true
}

// Options are how a file is converted.
type Options struct {
	// Include reads a file that is included, by the name that it is included by; nil if
	// none can be.
	Include func(name string) ([]byte, error)
}

// Convert turns an apko file into a build file.
func Convert(data []byte, o Options) (*Result, error) {
	d, err := definition.ParseWith(data, func(top *yaml.Node) error { return o.included(top, 0) })
	if err != nil {
		return nil, err
	}
	c := &converter{doc: d, file: &draft.File{Head: []string{"syntax=strata-build/strata:1"}}}
	c.image()
	if top := d.Top; len(c.file.Main.Layers) == 0 && top.Has("include") {
		return nil, &report.LineError{Line: top.Line("include"), Err: errors.New("it only includes another file; convert what apko show-config prints")}
	}
	d.Untaken()
	c.file.Targets = c.archives.Targets()
	return &Result{File: c.file, Notes: d.Sorted()}, nil
}

// converter is one call of Convert.
type converter struct {
	doc      *definition.Document
	file     *draft.File
	archives definition.Archives
	users    []definition.Account
}

// text is a text in which a build file expands names, and apko doesn't.
func text(s string) string { return strings.ReplaceAll(s, "$", "$$") }

func texts(all []string) []string {
	var out []string
	for _, s := range all {
		out = append(out, text(s))
	}
	return out
}

func (c *converter) image() {
	top, t := c.doc.Top, &c.file.Main
	for _, a := range top.Texts("archs") {
		t.Platforms = append(t.Platforms, platform(a))
	}
	c.accounts(top.Map("accounts"), t)
	files := c.contents(top.Map("contents"), t)
	entries, commands := c.paths(top)
	if files = append(files, entries...); len(files) > 0 {
		t.Layers = append(t.Layers, draft.Layer{Files: files})
	}
	if len(commands) > 0 {
		t.Layers = append(t.Layers, definition.Busybox(commands))
	}
	c.config(top, &t.Config)
	for _, p := range top.Pairs("annotations") {
		t.Annotations = append(t.Annotations, draft.Pair{Name: p.Name, Value: text(p.Value)})
	}
	if url := top.Text("vcs-url"); url != "" {
		t.Annotations = append(t.Annotations, draft.Pair{Name: "org.opencontainers.image.source", Value: text(url)})
	}
	if layering := top.Map("layering"); layering != nil {
		layering.Ignore()
		top.Changed("layering", "packages have layers of their own in any case")
	}
	if top.Text("format") == "erofs" {
		top.Lost("format", "layers are tar archives; strata export writes a file system of erofs")
	}
	top.Lost("include", "a build file has no includes; convert what apko show-config prints, which has the file merged")
	certificates := top.Map("certificates")
	certificates.Lost("additional", "add each to the bundle by a build layer, or mount it")
	certificates.Lost("providers", "add the bundle by a build layer")
}

// platform is an architecture as a platform.
func platform(arch string) string {
	names := map[string]string{
		"x86_64": "amd64", "aarch64": "arm64", "x86": "386", "i386": "386", "armhf": "arm/v6", "armv7": "arm/v7", "loongarch64": "loong64",
	}
	if name, ok := names[arch]; ok {
		arch = name
	}
	return "linux/" + arch
}

func (c *converter) accounts(m *definition.Map, t *draft.Target) {
	var groups []definition.Account
	for _, u := range m.Maps("users") {
		c.users = append(c.users, definition.Account{
			Name: u.Text("username"), UID: u.Text("uid"), GID: u.Text("gid"), Shell: u.Text("shell"), Home: u.Text("homedir"),
		})
	}
	for _, g := range m.Maps("groups") {
		groups = append(groups, definition.Account{Name: g.Text("groupname"), GID: g.Text("gid"), Members: g.Texts("members")})
	}
	for i, u := range c.users {
		if u.GID == "" {
			c.users[i].GID = u.UID
		}
	}
	t.Users, t.Groups = definition.Accounts(c.users, groups)
	t.Config.User = text(m.Text("run-as"))
}

var alpine = regexp.MustCompile(`^https?://[^/]+/alpine/(?:v([0-9.]+)|(edge))/`)

// contents are the packages, and what apk finds in the image.
func (c *converter) contents(m *definition.Map, t *draft.Target) []draft.Entry {
	both, build, runtime := m.Texts("repositories"), m.Texts("build_repositories"), m.Texts("runtime_repositories")
	keyring := texts(m.Texts("keyring"))
	used := c.reachable(m, append(slices.Clone(both), build...))
	for _, r := range used {
		if a := alpine.FindStringSubmatch(r); a != nil && c.archives.Base == "" {
			c.archives.Base = "alpine:" + a[1] + a[2]
		}
	}
	if names := texts(m.Texts("packages")); len(names) > 0 {
		t.Layers = append(t.Layers, draft.Layer{Packages: &draft.Packages{
			Names: names, Like: c.archives.Like(&c.doc.Notes, m.Line("repositories"), texts(used), keyring),
		}})
	}
	m.Lost("baseimage", "give the base by from; its packages are read from it")
	var out []draft.Entry
	for _, key := range keyring {
		out = append(out, definition.Key("/etc/apk/keys/"+definition.Base(key), key))
	}
	for _, k := range m.Maps("runtime_keyring") {
		content := k.Text("content")
		out = append(out, draft.Entry{Dest: "/etc/apk/keys/" + text(k.Text("name")), Content: &content})
	}
	if list := append(slices.Clone(both), runtime...); len(list) > 0 {
		out = append(out, definition.Lines("/etc/apk/repositories", list))
	}
	return out
}

// reachable are the repositories that have an address: packages of others are files.
func (c *converter) reachable(m *definition.Map, all []string) []string {
	return slices.DeleteFunc(all, func(r string) bool {
		local := !strings.Contains(r, "://")
		if local {
			m.Lost("repositories", "%s is a directory; write its packages into names, as ./PATH.apk", r)
		}
		return local
	})
}

func (c *converter) config(top *definition.Map, out *draft.Config) {
	e := top.Map("entrypoint")
	if kind := e.Text("type"); kind == "service-bundle" {
		e.Lost("type", "an image runs one program; s6 and its services would be files and an entrypoint")
	} else if kind != "" {
		e.Lost("type", "there is no counterpart of %q", kind)
	}
	e.Lost("services", "an image runs one program")
	out.Entrypoint = words(e, "command")
	if fragment := e.Text("shell-fragment"); fragment != "" {
		out.Entrypoint = []string{"/bin/sh", "-c", fragment}
	}
	out.Cmd = words(top, "cmd")
	for _, p := range top.Pairs("environment") {
		out.Env = append(out.Env, draft.Pair{Name: p.Name, Value: text(p.Value)})
	}
	out.Workdir, out.StopSignal, out.Volumes = text(top.Text("work-dir")), top.Text("stop-signal"), texts(top.Texts("volumes"))
}

// words is a command as a list.
func words(m *definition.Map, key string) []string {
	command := m.Text(key)
	if command == "" {
		return nil
	}
	list, err := shlex.Split(command)
	if err != nil {
		m.Lost(key, "%v", err)
		return nil
	}
	return list
}

// paths are entries of files, and commands that change what packages brought.
func (c *converter) paths(top *definition.Map) (entries []draft.Entry, commands []string) {
	for _, p := range top.Maps("paths") {
		dest, source, mode := p.Text("path"), p.Text("source"), strings.Replace(p.Text("permissions"), "0o", "0", 1)
		uid, gid := p.Text("uid"), p.Text("gid")
		recursive := p.Flag("recursive")
		e := draft.Entry{Dest: text("/" + strings.Trim(dest, "/")), Owner: definition.Owner(uid, gid, c.users), Mode: mode}
		switch kind := p.Text("type"); kind {
		case "directory":
			e.Directory = true
			entries = append(entries, e)
		case "empty-file":
			e.Content = new(string)
			entries = append(entries, e)
			recursive = false
		case "symlink":
			e.Symlink, e.Mode = text(source), ""
			entries = append(entries, e)
			recursive = false
		case "hardlink":
			commands = append(commands, "ln -f "+definition.Quoted(source)+" "+definition.Quoted(dest))
			commands = append(commands, change("", dest, uid, gid, mode)...)
			recursive = false
		case "permissions":
			if !recursive {
				commands = append(commands, change("", dest, uid, gid, mode)...)
			}
		default:
			p.Lost("type", "there is no counterpart of %q", kind)
			recursive = false
		}
		if recursive {
			commands = append(commands, change("-R ", dest, uid, gid, mode)...)
		}
	}
	return entries, commands
}

// change gives a path an owner and a mode.
func change(flags, dest, uid, gid, mode string) []string {
	var out []string
	if uid != "" || gid != "" {
		out = append(out, "chown "+flags+definition.Quoted(or(uid)+":"+or(gid))+" "+definition.Quoted(dest))
	}
	if mode != "" {
		out = append(out, "chmod "+flags+definition.Quoted(mode)+" "+definition.Quoted(dest))
	}
	return out
}

func or(number string) string {
	if number == "" {
		return "0"
	}
	return number
}
