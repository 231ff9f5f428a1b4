// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/purl"
	"github.com/strata-build/strata/llb/spec"
)

// contents are the packages and the files of other images.
func (c *converter) contents(m *definition.Map) []draft.Layer {
	var layers []draft.Layer
	if p := c.packages(m); p != nil {
		p.PURLs = c.purls(m)
		layers = append(layers, draft.Layer{Packages: p})
	} else {
		m.Lost("mappings", "there are no packages that they are of")
	}
	if entries := c.artifacts(m); len(entries) > 0 {
		layers = append(layers, draft.Layer{Files: entries})
	}
	return layers
}

// purls are the package URLs that packages have in the list of contents.
func (c *converter) purls(m *definition.Map) []draft.Pair {
	var out []draft.Pair
	mappings := m.Map("mappings")
	for _, p := range mappings.AsPairs() {
		if address := c.purl(mappings, p.Name, p.Value); address != "" {
			out = append(out, draft.Pair{Name: p.Name, Value: address})
		}
	}
	return out
}

// purl is a package URL as a build file has it; empty for what isn't one.
func (c *converter) purl(m *definition.Map, key, text string) string {
	address := c.vars.text(text)
	if _, err := purl.Parse(address); err != nil && address != "" && spec.Literal(address) {
		m.Lost(key, "%v", err)
		return ""
	}
	return address
}

// packages are those of the distribution; nil for none.
func (c *converter) packages(m *definition.Map) *draft.Packages {
	names := c.vars.texts(m.Texts("packages"))
	repositories, keys := c.vars.texts(m.Texts("repositories")), c.vars.texts(m.Texts("keyring"))
	if len(names) == 0 {
		if len(repositories)+len(keys) > 0 {
			m.Changed("repositories", "there are no packages to take from them")
		}
		return nil
	}
	if c.archives.Debian && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "!") }) {
		m.Doubt("packages", "what a ! leaves out is left out there even if a package depends on it; here that is an error of strata lock, which says who needs it: take the ! away")
	}
	asked := among(names)
	if c.hasBasePasswd(m) && !asked("base-passwd") {
		m.Changed("packages", "base-passwd is added: base-files, and other packages of Debian, look for its accounts in /etc/passwd")
		names = append(names, "base-passwd")
	}
	var kept []string
	for _, n := range names {
		if bare, not := strings.CutPrefix(n, "!"); not && asked(bare) {
			m.Changed("packages", "%s is asked for as well, so %s is left out", bare, n)
			continue
		}
		if !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return &draft.Packages{Names: kept, Like: c.archives.Like(&c.doc.Notes, m.Line("repositories"), repositories, keys)}
}

// hasBasePasswd reports whether Debian's base-passwd is among the packages, or is added to them.
func (c *converter) hasBasePasswd(m *definition.Map) bool {
	asked := among(c.vars.texts(m.Texts("packages")))
	return c.archives.Debian && (asked("base-passwd") || (asked("base-files") || asked("bash")) && !asked("!base-passwd"))
}

// among says which names packages have, with a "!" where they must not come.
func among(packages []string) func(name string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(packages, func(n string) bool { return packageName(n) == name })
	}
}

// packageName is a name without the version.
func packageName(name string) string {
	if i := strings.IndexAny(name, "=<>~@"); i > 0 {
		return name[:i]
	}
	return name
}

// artifacts are files of other images.
func (c *converter) artifacts(m *definition.Map) []draft.Entry {
	var out []draft.Entry
	for _, a := range m.Maps("artifacts") {
		a.Lost("if", "a layer has no condition")
		out = append(out, draft.Entry{
			Dest: "/", From: c.vars.text(a.Text("name")), Sources: []string{"/"},
			Include: c.vars.texts(a.Texts("includes")), Exclude: c.vars.texts(a.Texts("excludes")),
			Owner: c.owner(a),
		})
	}
	return out
}

// owner is the owner of something with uid and gid.
func (c *converter) owner(m *definition.Map) string {
	return definition.Owner(m.Text("uid"), m.Text("gid"), c.users)
}

// files are those that are fetched.
func (c *converter) files(m *definition.Map) []draft.Entry {
	var out []draft.Entry
	var seen []*definition.Map
	for _, f := range m.Maps("files") {
		if i := sameButPlatform(seen, f); i >= 0 {
			c.merge(&out[i], seen[i], f)
			seen[i] = nil
			continue
		}
		seen, out = append(seen, f), append(out, c.fetched(f))
	}
	for _, f := range seen {
		if f != nil && len(f.Texts("platforms")) == 1 {
			f.Doubt("platforms", "the entry is for all platforms")
		}
	}
	return out
}

// sameButPlatform is the entry for other platforms with the same path, or -1.
func sameButPlatform(seen []*definition.Map, f *definition.Map) int {
	if len(f.Texts("platforms")) == 0 {
		return -1
	}
	return slices.IndexFunc(seen, func(o *definition.Map) bool {
		return o != nil && len(o.Texts("platforms")) > 0 && o.Text("path") == f.Text("path")
	})
}

// merge makes one entry of two for different platforms: its address and its checksum
// become arguments.
func (c *converter) merge(e *draft.Entry, one, other *definition.Map) {
	by := func(key string, to *string, written func(*definition.Map, string) string) {
		a, b := one.Text(key), other.Text(key)
		if a == b {
			return
		}
		var platforms []draft.Pair
		for _, p := range one.Texts("platforms") {
			platforms = append(platforms, draft.Pair{Name: strings.TrimPrefix(p, "linux/"), Value: written(one, a)})
		}
		for _, p := range other.Texts("platforms") {
			platforms = append(platforms, draft.Pair{Name: strings.TrimPrefix(p, "linux/"), Value: written(other, b)})
		}
		*to = c.vars.byPlatform(platforms)
	}
	by("url", &e.URL, func(_ *definition.Map, url string) string { return c.vars.text(withoutBlanks(url)) })
	by("checksum", &e.Checksum, c.checksum)
	other.Map("spdx").Ignore()
	for _, key := range []string{"uid", "gid", "mode"} {
		if text := other.Text(key); text != one.Text(key) {
			other.Doubt(key, "it is %s on this platform alone, and %s here", text, or(one.Text(key), "what it is without one"))
		}
	}
}

var archive = regexp.MustCompile(`\.(tar(\.\w+)?|tgz|txz|tbz2?|zip)$`)

// fetched is an entry for a file or a repository.
func (c *converter) fetched(f *definition.Map) draft.Entry {
	e := draft.Entry{Dest: c.place(f), Owner: c.owner(f), Mode: f.Text("mode")}
	url, checksum := withoutBlanks(f.Text("url")), f.Text("checksum")
	f.Lost("if", "an entry has no condition")
	e.Include, e.Exclude = c.vars.texts(f.Texts("includes")), c.vars.texts(f.Texts("excludes"))
	if id := f.Text("secret-id"); id != "" {
		f.Changed("secret-id", "the secret of the server's name gives the login: --secret id=HTTP_AUTH_HEADER_host, or GIT_AUTH_TOKEN for a repository")
	}
	if address, isGit := strings.CutPrefix(url, "git+"); isGit {
		e.Git = c.vars.text(repository(address, checksum))
	} else {
		e.URL, e.Checksum = c.vars.text(url), c.checksum(f, checksum)
		e.Extract = archive.MatchString(url) && !archive.MatchString(f.Text("path"))
		if e.Extract && strings.HasSuffix(f.Text("path"), "/") {
			e.Dest = path.Clean(e.Dest)
		}
		if !e.Extract && len(e.Include)+len(e.Exclude) > 0 {
			f.Lost("includes", "it is no archive")
			f.Lost("excludes", "it is no archive")
			e.Include, e.Exclude = nil, nil
		}
	}
	e.About = c.about(f.Map("spdx"), url)
	return e
}

// withoutBlanks is an address as a server is asked for it, which a definition may have as
// browsers show it.
func withoutBlanks(url string) string { return strings.ReplaceAll(url, " ", "%20") }

// checksum is a checksum as a build file has it.
func (c *converter) checksum(f *definition.Map, sum string) string {
	if sum != "" && !strings.HasPrefix(sum, "sha256:") && !strings.HasPrefix(sum, "$") {
		if strings.Contains(sum, "://") {
			f.Doubt("checksum", "the sha256 is in another file of the server, %s; strata lock writes down the one of the file that it gets, so compare them once", sum)
			return ""
		}
		if strings.Contains(sum, ":") {
			f.Lost("checksum", "a url is held to a sha256; strata lock writes it")
			return ""
		}
		return c.vars.text("sha256:" + sum)
	}
	return c.vars.text(sum)
}

// repository is the address of a repository with the commit that it must have.
func repository(address, commit string) string {
	base, ref, _ := strings.Cut(address, "#")
	if !strings.HasSuffix(base, ".git") {
		base += ".git"
	}
	switch {
	case commit == "" && ref == "":
		return base
	case commit == "":
		return base + "#" + ref
	}
	if ref == "" {
		return base + "#" + commit
	}
	return base + "?ref=" + ref + "&checksum=" + strings.TrimPrefix(commit, "sha1:")
}

// about is what a definition says of something for the list of contents.
func (c *converter) about(m *definition.Map, url string) draft.About {
	if m == nil {
		return draft.About{}
	}
	version := c.vars.text(m.Text("version"))
	title := m.Text("name")
	out := draft.About{}
	for i, p := range m.Maps("packages") {
		one := c.packageOf(p)
		switch {
		case i == 0:
			out = one
		case one.PURL == "":
			m.Lost("packages", "%s has no package URL, so the list of contents can't name it", p.Text("name"))
		default:
			out.Contains = append(out.Contains, one)
		}
	}
	_, inPURL, _ := strings.Cut(out.PURL, "@")
	if inPURL, _, _ = strings.Cut(inPURL, "?"); inPURL != version {
		out.Version = version
	}
	if out.PURL == "" && title != "" && !strings.Contains(url, title) {
		m.Doubt("name", "the list of contents takes the name from the address")
	}
	return out
}

// packageOf is what a definition says of one package.
func (c *converter) packageOf(p *definition.Map) draft.About {
	p.Text("name")
	p.Lost("path", "the list of contents names no file of a package")
	license := p.Text("license")
	if err := spec.CheckLicense(license); err != nil && license != "" {
		license = "LicenseRef-" + strings.Trim(notID.ReplaceAllString(license, "-"), "-")
		p.Changed("license", "it is no expression of SPDX, so it is written as %s", license)
	}
	return draft.About{PURL: c.purl(p, "purl", p.Text("purl")), License: license}
}

var notID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)
