// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package dhi turns a definition of a Docker hardened image into a build file.
//
// A definition's contents become layers on scratch: packages, files of images, what its
// builds make, and paths. Each of its builds becomes a target, in which the steps of the
// pipeline run one after the other. The archives of packages are configured in a target
// of their own, which the packages are "like". What a build file can't say is a note.
package dhi

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
)

// Result is what a definition became.
type Result struct {
	File *draft.File
	// Notes are in the order of the definition.
	Notes []report.Note
	// Uses are the actions that became nothing but a comment, each as often as it is used.
	Uses []string
}

var syntaxLine = regexp.MustCompile(`(?m)^#\s*syntax\s*=\s*\S*dhi\.io/build:\S*-(alpine|debian)([0-9.]+)`)

// Is reports whether a file is a definition of a hardened image: by its syntax line, or
// by keys that nothing else has.
func Is(data []byte) bool {
	if syntaxLine.Match(data) {
		return true
	}
	d, err := definition.Parse(data)
	return err == nil && d.Top.Has("image") && d.Top.Has("contents") && d.Top.Has("variant")
}

// Convert turns a definition into a build file.
func Convert(data []byte) (*Result, error) {
	d, err := definition.Parse(data)
	if err != nil {
		return nil, err
	}
	c := &converter{doc: d, file: &draft.File{Head: []string{"syntax=strata-build/strata:1"}}}
	c.system(data)
	c.vars = newVars(d.Top.Map("vars"))
	c.vars.image = d.Top.Pairs("environment")
	c.describe()
	c.image()
	d.Untaken()
	c.file.Args = c.vars.args()
	if idle := c.vars.idle(); len(idle) > 0 {
		d.Top.Changed("vars", "nothing uses %s, so no argument is made of that", strings.Join(idle, ", "))
	}
	c.file.Targets = append(c.file.Targets, c.archives.Targets()...)
	return &Result{File: c.file, Notes: d.Sorted(), Uses: c.uses}, nil
}

// converter is one call of Convert.
type converter struct {
	doc      *definition.Document
	file     *draft.File
	vars     *vars
	archives definition.Archives
	// accounts are the image's users, and groups its groups.
	users, groups []definition.Account
	uses          []string
}

// codenames are Debian's, by version.
func codename(version string) string {
	return map[string]string{"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"}[version]
}

// system finds the distribution in the syntax line, or else in the name of the system.
func (c *converter) system(data []byte) {
	m := syntaxLine.FindSubmatch(data[:min(len(data), 4096)])
	id, version := "debian", "13"
	switch {
	case m != nil:
		id, version = string(m[1]), string(m[2])
	case bytes.Contains(data, []byte("id: alpine")):
		id, version = "alpine", "latest"
	}
	if id == "alpine" {
		root := "https://dl-cdn.alpinelinux.org/alpine/v" + version
		c.archives = definition.Archives{Base: "alpine:" + version, Own: []string{root + "/main", root + "/community"}}
		return
	}
	name := codename(version)
	if name == "" {
		name = version
	}
	c.archives = definition.Archives{Base: "debian:" + name + "-slim", Debian: true}
}

// describe keeps what a definition says of itself.
func (c *converter) describe() {
	top := c.doc.Top
	if name := top.Text("name"); name != "" {
		c.file.Head = append(c.file.Head, "", name)
	}
	t := &c.file.Main
	note := func(name, value string) {
		if value != "" {
			t.Annotations = append(t.Annotations, draft.Pair{Name: "com.docker.dhi." + name, Value: c.vars.text(value)})
		}
	}
	note("variant", top.Text("variant"))
	note("flavor", top.Text("flavor"))
	dates := top.Map("dates")
	for _, key := range []string{"release", "end-of-life", "end-of-support", "type", "url"} {
		note("date."+key, dates.Text(key))
	}
	note("entitlement", top.Text("entitlement"))
	for _, key := range []string{"fips-compliant", "stig-certified"} {
		if top.Flag(key) {
			note(key, "true")
		}
	}
	top.Lost("track", "looking for newer versions is not the build file's: Renovate does it")
	top.Lost("includes", "a build file has no includes; convert the file into which they are merged")
	if how := top.Text("compression"); how != "" {
		top.Changed("compression", "this is said when building: --output type=image,compression=%s", how)
	}
	name, suffix := top.Text("image"), top.Text("suffix")
	for _, tag := range top.Texts("tags") {
		t.Tags = append(t.Tags, c.vars.text(name+":"+tag+suffix))
	}
	if name != "" && len(t.Tags) == 0 {
		t.Tags = []string{c.vars.text(name)}
	}
	t.Platforms = top.Texts("platforms")
}

// image converts what is in the image, and how it is run.
func (c *converter) image() {
	top, t := c.doc.Top, &c.file.Main
	contents := top.Map("contents")
	c.accounts(top.Map("accounts"), contents, t)
	layers := c.contents(contents)
	layers = append(layers, c.builds(contents)...)
	var files []draft.Entry
	files = append(files, c.files(contents)...)
	entries, after := c.paths(top)
	files = append(files, entries...)
	if release := c.release(top); len(release) > 0 {
		files = append(files, definition.OSRelease(release))
	}
	if len(files) > 0 {
		layers = append(layers, draft.Layer{Files: files})
	}
	t.Layers = append(layers, after...)
	c.config(top, &t.Config)
	for _, p := range top.Pairs("annotations") {
		t.Annotations = append(t.Annotations, draft.Pair{Name: p.Name, Value: c.vars.text(p.Value)})
	}
	c.tests(top, t)
	if top.Text("output") == "squashed" {
		c.squash()
	}
}

// release is what /etc/os-release says.
func (c *converter) release(top *definition.Map) []draft.Pair {
	out := top.Pairs("os-release")
	for i, p := range out {
		out[i].Value = c.literal(top, "os-release", p.Value)
	}
	return out
}

// squash makes the image one layer: what was made, copied.
func (c *converter) squash() {
	t := &c.file.Main
	made := draft.Target{Name: "contents", Layers: t.Layers, Users: t.Users, Groups: t.Groups}
	t.Users, t.Groups = nil, nil
	t.Layers = []draft.Layer{{Files: []draft.Entry{{Dest: "/", From: "target:contents", Sources: []string{"/"}, Owner: "keep"}}}}
	c.file.Targets = append([]draft.Target{made}, c.file.Targets...)
}

func (c *converter) config(top *definition.Map, out *draft.Config) {
	for _, p := range top.Pairs("environment") {
		value := c.vars.variable(p.Value, func(name string) bool {
			return slices.ContainsFunc(out.Env, func(above draft.Pair) bool { return above.Name == name })
		})
		if value != c.vars.script(p.Value) {
			top.Doubt("environment", "nothing in the definition says what a variable in %s is; it is empty", p.Name)
		}
		out.Env = append(out.Env, draft.Pair{Name: p.Name, Value: value})
	}
	if dir := top.Text("work-dir"); dir != "" {
		out.Workdir = c.absolute(dir)
	}
	out.Entrypoint = c.literals(top, "entrypoint")
	out.Cmd = c.literals(top, "cmd")
	out.Expose = c.vars.texts(top.Texts("ports"))
	out.Volumes = c.vars.texts(top.Texts("volumes"))
	for _, p := range top.Pairs("labels") {
		out.Labels = append(out.Labels, draft.Pair{Name: p.Name, Value: c.vars.text(p.Value)})
	}
	out.StopSignal = c.vars.text(top.Text("stop-signal"))
}

// literals are words in which a build file expands nothing.
func (c *converter) literals(m *definition.Map, key string) []string {
	words := m.Texts(key)
	for i, w := range words {
		words[i] = c.literal(m, key, w)
	}
	return words
}

// literal is a text in which a build file expands nothing.
func (c *converter) literal(m *definition.Map, key, text string) string {
	out, ok := c.vars.fixed(text)
	if !ok {
		m.Doubt(key, "%q differs by platform, which a build file doesn't let it", text)
	}
	return out
}

// accounts converts users, groups, and who the image runs as.
func (c *converter) accounts(m, contents *definition.Map, t *draft.Target) {
	c.users, c.groups = c.readAccounts(m, contents)
	t.Users, t.Groups = definition.Accounts(c.users, c.groups)
	t.Config.User = c.vars.text(m.Text("run-as"))
	if m != nil && !m.Flag("root") && len(c.users) > 0 {
		m.Changed("users", "root is among them: an image on scratch with users has it as well")
	}
}

// readAccounts reads users and groups, which are beside those of the packages in contents.
func (c *converter) readAccounts(m, contents *definition.Map) (users, groups []definition.Account) {
	for _, u := range m.Maps("users") {
		users = append(users, definition.Account{Name: accountName(u), UID: u.Text("uid"), GID: u.Text("gid")})
		u.Lost("mode", "users have no mode; give their home one by files")
	}
	for _, g := range m.Maps("groups") {
		groups = append(groups, definition.Account{Name: accountName(g), GID: g.Text("gid"), Members: g.Texts("members")})
		for i, name := range groups[len(groups)-1].Members {
			groups[len(groups)-1].Members[i] = named(name)
		}
	}
	if c.hasBasePasswd(contents) {
		definition.BesideBasePasswd(m, users, groups)
	}
	return users, groups
}

// accountName is the name of a user or a group. A number can't be one.
func accountName(m *definition.Map) string {
	name := m.Text("name")
	if named(name) != name {
		m.Changed("name", "the name %s would be a number, so it is %s", name, named(name))
	}
	return named(name)
}

func named(name string) string {
	if name != "" && strings.Trim(name, "0123456789") == "" {
		return "user" + name
	}
	return name
}

// tests converts the commands that try the image.
func (c *converter) tests(top *definition.Map, t *draft.Target) {
	for _, m := range top.Maps("tests") {
		exit := 0
		for _, digit := range m.Text("exit-code") {
			if digit < '0' || digit > '9' || exit > 255 {
				m.Lost("exit-code", "it is no status of a program")
				break
			}
			exit = exit*10 + int(digit-'0')
		}
		t.Tests = append(t.Tests, draft.Test{
			Name: m.Text("name"), Run: c.vars.script(strings.Join(m.Texts("commands"), "\n")), Stdout: c.vars.text(m.Text("output")), Exit: exit,
		})
		m.Lost("directory", "a test runs in the image's working directory")
		m.Lost("timeout", "a command of a test has no time of its own")
	}
}
