// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/convert/draft"
)

// call is a call of a tool for packages.
type call struct {
	tool    *installer
	verb    string // install, upgrade, update or clean; other for anything else
	names   []string
	bare    bool
	unknown string // the first word that packages can't say
}

// calls reads a step as a call of a tool.
func (s *stage) call(st step, all []step) (call, bool) {
	w, ok := words(st.stmt, s.known(all))
	if !ok {
		return call{}, false
	}
	for _, t := range installers() {
		if slices.Contains(t.names, path.Base(w[0])) && (path.Dir(w[0]) == "." || path.Dir(w[0]) == "/usr/bin") {
			return t.read(w[1:]), true
		}
	}
	return call{}, false
}

// read reads a tool's arguments.
func (t installer) read(args []string) call {
	c := call{tool: &t}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "-o" && i+1 < len(args) {
			i++
			a = "-o=" + args[i]
		}
		switch {
		case slices.Contains(t.bare, a):
			c.bare = true
		case strings.HasPrefix(a, "-"):
			if !slices.Contains(t.flags, a) && c.unknown == "" {
				c.unknown = a
			}
		case c.verb == "":
			c.verb = t.verbOf(a)
			if c.verb == "" {
				c.verb, c.unknown = "other", a
			}
		default:
			c.names = append(c.names, a)
		}
	}
	return c
}

// words are the words of a call that packages can't do.
func (c call) words() string {
	words := append([]string{c.tool.names[0]}, c.names...)
	if c.verb != "other" {
		words = slices.Insert(words, 1, c.verb)
	}
	if c.unknown != "" {
		words = append(words, c.unknown)
	}
	return strings.Join(words, " ")
}

func (t installer) verbOf(word string) string {
	switch {
	case slices.Contains(t.install, word):
		return "install"
	case slices.Contains(t.upgrade, word):
		return "upgrade"
	case slices.Contains(t.update, word):
		return "update"
	case slices.Contains(t.clean, word):
		return "clean"
	}
	return ""
}

// plainName reports whether a package is one that packages can name: a name, perhaps with
// a version or a suite.
func plainName(name string) bool {
	return regexp.MustCompile(`^[a-zA-Z0-9$][a-zA-Z0-9+._${}-]*([=~<>/][^*:^]*)?$`).MatchString(name) &&
		!strings.HasSuffix(name, "-") && !strings.HasSuffix(name, ".deb") && !strings.HasSuffix(name, ".rpm") && !strings.HasSuffix(name, ".apk") && !strings.HasPrefix(name, "http")
}

// cleaned takes what only drops lists and caches of packages off a step; empty for all of
// it.
func (s *stage) cleaned(st step, all []step) (step, bool) {
	w, ok := words(st.stmt, s.known(all))
	if !ok || w[0] != "rm" {
		return st, false
	}
	var lists []string
	for _, t := range installers() {
		lists = append(lists, t.lists...)
	}
	kept, dropped := []string{}, false
	for _, a := range w[1:] {
		if slices.Contains(lists, a) {
			dropped = true
			continue
		}
		kept = append(kept, a)
	}
	if !dropped {
		return st, false
	}
	if !slices.ContainsFunc(kept, func(a string) bool { return !strings.HasPrefix(a, "-") }) {
		return step{}, true
	}
	st.text = "rm " + strings.Join(kept, " ")
	return st, true
}

// touchesRepositories reports whether a text changes where packages come from. Packages of
// one architecture come from where they did when another is added.
func touchesRepositories(text string) bool {
	text = regexp.MustCompile(`\bdpkg --add-architecture [a-z0-9]+`).ReplaceAllString(text, "")
	return regexp.MustCompile(`/etc/apt\b|apt-key|add-apt-repository|/etc/apk|/etc/yum|config-manager|dpkg|rpm |apt-mark|apt-cache|--allow-untrusted`).MatchString(text)
}

// changesRepositories reports whether a command changes where packages come from. Links with
// names such as dpkg-deb don't.
func (s *stage) changesRepositories(b *draft.Build) bool {
	if !touchesRepositories(b.Run) {
		return false
	}
	entries := s.made(b)
	return entries == nil || slices.ContainsFunc(entries, func(e draft.Entry) bool {
		return regexp.MustCompile(`^/etc/(apt|apk|yum|dpkg)|/dpkg$`).MatchString(e.Dest)
	})
}

// installation is a script that installs packages, taken apart.
type installation struct {
	before, after []step
	packages      draft.Packages
	tool          string
}

// found reports whether there is something for a layer of packages.
func (in *installation) found() bool {
	return len(in.packages.Names) > 0 || in.packages.Upgrade != ""
}

// packages writes what a script installs as a layer of packages. Its reason not to is a
// doubt.
func (s *stage) packages(b *draft.Build) (*installation, string) {
	if s.user != "" && !isRoot(s.user) || b.Run == "" || s.onScratch && s.below == nil || b.Network != "" || len(b.Secrets)+len(b.Mounts)+len(b.SSH) > 0 {
		return nil, ""
	}
	text, shell := b.Run, ""
	if inner, call, ok := hereScript(b.Run); ok {
		text, shell = inner, call
	}
	r := &reading{s: s, all: s.loose(text), in: &installation{}}
	for i := range r.all {
		done, reason := r.step(i)
		if reason != "" {
			return nil, reason
		}
		if done {
			break
		}
	}
	if !r.in.found() {
		return nil, ""
	}
	r.in.tool, r.in.packages.Recommends = r.tool.names[0], r.tool.recommends && !r.bare && len(r.in.packages.Names) > 0
	reason := s.settle(r.in)
	if shell != "" && reason == "" && !r.in.within(shell) {
		reason = "its here-document can't be cut"
	}
	return r.in, reason
}

// reading is a script while it is taken apart.
type reading struct {
	s    *stage
	all  []step
	in   *installation
	tool *installer
	bare bool
}

// step reads the step of that number. done says that all after it is a script.
func (r *reading) step(i int) (done bool, reason string) {
	st, in := r.all[i], r.in
	c, ok := r.s.call(st, r.all)
	switch {
	case ok && needsShell(in.after), ok && r.tool != nil && c.tool.names[0] != r.tool.names[0]:
		return true, r.rest(i)
	case ok && c.verb == "install":
		return false, r.install(c)
	case ok && c.verb == "upgrade" && c.unknown == "" && len(c.names) == 0:
		r.tool, in.packages.Upgrade = c.tool, "true"
	case ok && (c.verb == "update" || c.verb == "clean") && c.unknown == "":
		r.tool = c.tool
	case ok:
		return false, "what " + c.words() + " does can't be said by packages"
	default:
		rest, dropped := r.s.cleaned(st, r.all)
		switch {
		case dropped && rest.text == "", slices.Contains(in.packages.Names, certificates) && r.s.repeatsInstallation(st):
		case !in.found():
			in.before = append(in.before, rest)
		default:
			in.after = append(in.after, rest)
		}
	}
	return false, ""
}

func (r *reading) install(c call) string {
	others := c.others()
	if len(others) > 0 && len(others) < len(c.names) {
		// The lists are fetched for the others, which the command goes on to install.
		c.names = slices.DeleteFunc(slices.Clone(c.names), func(name string) bool { return slices.Contains(others, name) })
		r.in.after = append(r.in.after, r.s.again(c, others)...)
	}
	if reason := c.refuse(); reason != "" {
		return reason
	}
	if len(r.in.packages.Names) > 0 && c.bare != r.bare {
		return "one part of them takes recommended packages and another doesn't"
	}
	r.tool, r.bare = c.tool, c.bare
	r.in.packages.Names = append(r.in.packages.Names, c.names...)
	return ""
}

// rest keeps the steps from one on. They must fetch the lists of packages themselves, and
// what was installed must stay.
func (r *reading) rest(from int) string {
	fetched := false
	for _, st := range r.all[from:] {
		switch c, ok := r.s.call(st, r.all); {
		case ok && c.verb == "update":
			fetched = true
		case ok && c.verb == "install" && c.tool.names[0] == "apt-get" && !fetched:
			return "what stands between may be needed for the rest of them"
		}
		r.in.after = append(r.in.after, st)
	}
	return ""
}

// others are names that packages can't have.
func (c call) others() []string {
	return slices.DeleteFunc(slices.Clone(c.names), plainName)
}

// again is a script that installs some packages by the tool itself.
func (s *stage) again(c call, names []string) []step {
	var quoted []string
	for _, name := range names {
		q, err := syntax.Quote(name, syntax.LangPOSIX)
		if err != nil {
			return nil
		}
		quoted = append(quoted, q)
	}
	tool := c.tool.names[0]
	text := tool + " " + c.tool.install[0] + " -y " + strings.Join(quoted, " ")
	if c.bare {
		text = tool + " " + c.tool.install[0] + " -y " + c.tool.bare[0] + " " + strings.Join(quoted, " ")
	}
	return steps("set -e; " + tool + " update; " + text + "; rm -rf " + c.tool.lists[0])[1:]
}

// refuse says why packages can't do what a call does.
func (c call) refuse() string {
	if c.unknown != "" {
		return "what the option " + c.unknown + " does can't be said by packages"
	}
	for _, name := range c.names {
		if !plainName(name) {
			return "packages can't name " + name
		}
	}
	if len(c.names) == 0 {
		return "no package is named"
	}
	return ""
}

// needsShell reports whether steps do more than to set options.
func needsShell(all []step) bool {
	return slices.ContainsFunc(all, func(st step) bool { return !isSet(st) })
}

// settle looks at what stands around an installation.
func (s *stage) settle(in *installation) string {
	for _, st := range in.before {
		if touchesRepositories(st.text) || leavesState(st) && len(in.after) > 0 {
			return "what stands before may change where packages come from"
		}
	}
	if reason := s.removed(in); reason != "" {
		return reason
	}
	if s.repositories != "" {
		return s.repositories + " may change where packages come from"
	}
	if needsShell(in.before) {
		return ""
	}
	in.after = append(in.before, in.after...) // nothing but set
	in.before = nil
	if !needsShell(in.after) {
		in.after = nil
	}
	return ""
}
