// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package apko turns an apko file into a build file: packages of apk on scratch, with
// accounts and paths. What a build file can't say is a note.
package apko

import (
	"errors"
	"fmt"
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

// Is reports whether a file is one for apko.
func Is(data []byte) bool { return Refused(data) == nil }

// Refused is why a file isn't one for apko, and nil for one that is: it says what packages
// are in the image, or what it includes, and has no key that apko doesn't know. An error
// that has a line is a [report.LineError].
func Refused(data []byte) error {
	d, err := definition.Parse(data)
	if err != nil {
		return err
	}
	for _, key := range d.Top.Keys() {
		if !slices.Contains(keys(), key) {
			return &report.LineError{Line: d.Top.Line(key), Err: fmt.Errorf("apko has no key %s", key)}
		}
	}
	if !d.Top.Has("contents") && !d.Top.Has("include") {
		return errors.New("it has neither contents nor include")
	}
	return nil
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
		return nil, &report.LineError{Line: top.Line("include"), Err: errors.New("it only includes another file; convert what apko show-config prints, without its line include")}
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
	// homes are the directories of users, each for its user alone.
	homes []draft.Entry
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
	entries, rest := c.paths(top)
	if files = append(append(files, c.homes...), entries...); len(files) > 0 {
		t.Layers = append(t.Layers, draft.Layer{Files: files})
	}
	t.Layers = append(t.Layers, rest...)
	c.config(top, &t.Config)
	c.describe(top, t)
	if layering := top.Map("layering"); layering != nil {
		layering.Ignore()
		top.Changed("layering", "packages have layers of their own in any case")
	}
	if top.Text("format") == "erofs" {
		top.Lost("format", "layers are tar archives; strata export writes a file system of erofs")
	}
	top.Lost("include", "a build file has no includes; convert what apko show-config prints, without its line include: the file is merged there")
	certificates := top.Map("certificates")
	certificates.Lost("additional", "add each to the bundle by a build layer, or mount it")
	certificates.Lost("providers", "add the bundle by a build layer")
}

// describe is what the image says of itself. Annotations are labels as well, and an address
// of the sources counts if it has a revision.
func (c *converter) describe(top *definition.Map, t *draft.Target) {
	for _, p := range top.Pairs("annotations") {
		t.Annotations = append(t.Annotations, draft.Pair{Name: p.Name, Value: text(p.Value)})
	}
	if url, revision, ok := strings.Cut(top.Text("vcs-url"), "@"); ok {
		for _, p := range []draft.Pair{{Name: "org.opencontainers.image.source", Value: url}, {Name: "org.opencontainers.image.revision", Value: revision}} {
			t.Annotations = slices.DeleteFunc(t.Annotations, func(o draft.Pair) bool { return o.Name == p.Name })
			t.Annotations = append(t.Annotations, draft.Pair{Name: p.Name, Value: text(p.Value)})
		}
	} else if url != "" {
		top.Changed("vcs-url", "it has no @ with a revision, and then apko leaves it out")
	}
	t.Config.Labels = slices.Clone(t.Annotations)
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
		one := definition.Account{
			Name: u.Text("username"), UID: u.Decimal("uid"), GID: u.Decimal("gid"), Shell: u.Text("shell"), Home: u.Text("homedir"),
		}
		if one.GID == "" {
			one.GID = one.UID
		}
		c.home(u, &one)
		c.users = append(c.users, one)
	}
	for _, g := range m.Maps("groups") {
		groups = append(groups, definition.Account{Name: g.Text("groupname"), GID: g.Decimal("gid"), Members: g.Texts("members")})
	}
	t.Users, t.Groups = definition.Accounts(c.users, groups)
	t.Config.User = text(c.runAs(m))
}

// home is a user's home directory, which apko makes for the user alone if it isn't there.
func (c *converter) home(m *definition.Map, u *definition.Account) {
	switch u.Home {
	case "", "/home/" + u.Name:
		c.homes = append(c.homes, draft.Entry{Dest: "/home/" + text(u.Name), Directory: true, Mode: "0700", Owner: text(u.Name)})
	case "/dev/null":
		m.Changed("homedir", "it stands for none, which is /nonexistent")
		u.Home = "/nonexistent"
	case "/":
	default:
		m.Changed("homedir", "%s has the mode 0755, if no package makes it, and with apko 0700: give it one by files", u.Home)
	}
}

// runAs is who the image runs as: the number of a user, as apko writes it.
func (c *converter) runAs(m *definition.Map) string {
	name := m.Text("run-as")
	if name == "root" {
		return "0"
	}
	for _, u := range c.users {
		if u.Name == name && name != "" {
			return u.UID
		}
	}
	if strings.Trim(name, "0123456789") != "" {
		m.Doubt("run-as", "apko writes the number that %s has in /etc/passwd, and this is the name: write the number where something counts on that", name)
	}
	return name
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
	if len(e.Pairs("services")) > 0 {
		e.Lost("services", "an image runs one program")
	}
	out.Entrypoint = words(e, "command")
	if fragment := e.Text("shell-fragment"); fragment != "" {
		out.Entrypoint = []string{"/bin/sh", "-c", fragment}
	}
	out.Cmd = words(top, "cmd")
	out.Env = environment(top)
	out.Workdir, out.StopSignal, out.Volumes = text(top.Text("work-dir")), top.Text("stop-signal"), texts(top.Texts("volumes"))
}

// environment is the image's, with what apko adds where it isn't set.
func environment(top *definition.Map) []draft.Pair {
	var out []draft.Pair
	for _, p := range top.Pairs("environment") {
		out = append(out, draft.Pair{Name: p.Name, Value: text(p.Value)})
	}
	has := func(name string) bool {
		return slices.ContainsFunc(out, func(p draft.Pair) bool { return p.Name == name })
	}
	if !has("PATH") {
		top.Changed("environment", "apko gives the image a PATH; without it, a container has one with the same directories")
	}
	if !has("SSL_CERT_FILE") {
		out = append(out, draft.Pair{Name: "SSL_CERT_FILE", Value: "/etc/ssl/certs/ca-certificates.crt"})
	}
	return out
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
