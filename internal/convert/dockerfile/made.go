// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/llb/spec"
)

// made are the entries of files that do what a script does, if it only makes directories
// and links as root, and says whose directories are and with which modes; nil for any other.
func (s *stage) made(b *draft.Build) []draft.Entry {
	if s.user != "" && !isRoot(s.user) || b.Run == "" || b.Shell != nil || len(b.Mounts)+len(b.Cache)+len(b.Tmpfs) > 0 {
		return nil
	}
	all := s.steps(b)
	m := &making{s: s}
	for _, st := range all {
		if isSet(st) {
			continue
		}
		w, ok := words(st.stmt, s.known(all))
		if !ok || !m.step(w) {
			return nil
		}
	}
	for _, e := range m.out {
		s.dirs[e.Dest] = s.dirs[e.Dest] || e.Directory
	}
	return m.out
}

// madeBy are the commands that made entries.
func madeBy(entries []draft.Entry) string {
	isLink := func(e draft.Entry) bool { return e.Symlink != "" }
	switch links := slices.ContainsFunc(entries, isLink); {
	case !links:
		return "mkdir needs no command: what it makes"
	case slices.ContainsFunc(entries, func(e draft.Entry) bool { return !isLink(e) }):
		return "mkdir and ln need no command: what they make"
	}
	return "ln needs no command: what it makes"
}

// making are directories and links while a script is read that makes them.
type making struct {
	s   *stage
	out []draft.Entry
	// fresh are those that weren't there, as mkdir would have failed.
	fresh map[string]bool
}

// step reads a command, and reports whether entries say what it does.
func (m *making) step(w []string) bool {
	switch w[0] {
	case "mkdir":
		return m.mkdir(w[1:])
	case "ln":
		return m.link(w[1:])
	case "chown":
		return m.change(w[1:], m.chown)
	case "chmod":
		return m.change(w[1:], func(e *draft.Entry, mode string) bool {
			e.Mode = octal(mode)
			return regexp.MustCompile(`^[0-7]{3,4}$`).MatchString(mode)
		})
	}
	return false
}

// mkdir notes the directories that mkdir makes. Without -p they weren't there, or the
// Dockerfile builds nothing.
func (m *making) mkdir(args []string) bool {
	fresh := true
	var dests []string
	for _, a := range args {
		switch {
		case a == "-p" || a == "--parents" || a == "-pv":
			fresh = false
		case strings.HasPrefix(a, "-"):
			return false
		default:
			dest := m.dest(a)
			if dest == "" {
				return false
			}
			dests = append(dests, dest)
		}
	}
	if m.fresh == nil {
		m.fresh = map[string]bool{}
	}
	for _, dest := range dests {
		m.fresh[dest] = fresh
		m.out = append(m.out, draft.Entry{Dest: dest, Directory: true})
	}
	return true
}

// dest is the absolute path of a directory; empty for one that isn't plain.
func (m *making) dest(p string) string {
	if strings.ContainsAny(p, "*?[{") && spec.Literal(p) || strings.Contains(p, "${") || !path.IsAbs(p) && m.s.workdir == "" {
		return ""
	}
	dest := path.Join("/", p)
	if !path.IsAbs(p) {
		dest = path.Join(m.s.workdir, p)
	}
	if dest == "/" {
		return ""
	}
	return dest
}

// change reads chown or chmod of directories that were made just now: what is set, and then
// their paths. With -R all that is in them counts, which is nothing where they weren't there.
func (m *making) change(args []string, set func(e *draft.Entry, to string) bool) bool {
	all := len(args) > 0 && args[0] == "-R"
	if all {
		args = args[1:]
	}
	if len(args) < 2 {
		return false
	}
	for _, p := range args[1:] {
		dest := m.dest(p)
		at := slices.IndexFunc(m.out, func(e draft.Entry) bool { return e.Dest == dest && e.Directory })
		if at < 0 || all && !m.onlyFresh(dest) || !set(&m.out[at], args[0]) {
			return false
		}
	}
	return true
}

// chown says whose a directory is. A user alone leaves it the group that it has, which is
// root's where it wasn't there before; in a build file it brings the user's own.
func (m *making) chown(e *draft.Entry, owner string) bool {
	user, group, both := strings.Cut(owner, ":")
	switch {
	case strings.ContainsAny(owner, "-.") && spec.Literal(owner) && !isAccount(user), user == "" && group == "":
		return false
	case !both && m.fresh[e.Dest]:
		owner = user + ":root"
	case user == "" && m.fresh[e.Dest]:
	case user == "" || !both || group == "" && !isAccount(user):
		return false
	case group == "":
		owner = user
	}
	if e.Owner = owner; m.fresh[e.Dest] {
		e.Owner = rootless(owner)
	}
	return true
}

// onlyFresh reports whether a directory has nothing in it that was there before, and none
// of those that are made.
func (m *making) onlyFresh(dir string) bool {
	return m.fresh[dir] && !slices.ContainsFunc(m.out, func(e draft.Entry) bool { return e.Dest != dir && within(e.Dest, dir) })
}

// link notes the link that ln -s makes, where it is clear whether that goes into a
// directory: known ones are, and none has the name of what is linked or lies where programs
// do. Only there -f replaces nothing that is a directory or leads to one.
func (m *making) link(args []string) bool {
	var plain []string
	options := ""
	for _, a := range args {
		switch {
		case !strings.HasPrefix(a, "-"):
			plain = append(plain, a)
		case regexp.MustCompile(`^-[fsv]+$`).MatchString(a):
			options += a
		default:
			return false
		}
	}
	if len(plain) != 2 || !strings.Contains(options, "s") || strings.ContainsAny(plain[0], "*?[{~") {
		return false
	}
	target, dest := plain[0], m.dest(plain[1])
	name := path.Base(target)
	switch {
	case dest == "" || name == "." || name == ".." || name == "/" || strings.Contains(name+path.Base(dest), "$"):
		return false
	case strings.HasSuffix(plain[1], "/") || m.isDir(dest):
		dest = path.Join(dest, name)
	case name != path.Base(dest) && !forPrograms(dest):
		return false
	}
	if m.isDir(dest) || strings.Contains(options, "f") && !forPrograms(dest) {
		return false
	}
	m.out = append(m.out, draft.Entry{Dest: dest, Symlink: target})
	return true
}

// isDir reports whether a path is known to be a directory.
func (m *making) isDir(p string) bool {
	return m.s.dirs[p] || fhs.Standard()[p] || slices.ContainsFunc(m.out, func(e draft.Entry) bool { return e.Directory && within(e.Dest, p) })
}

// forPrograms reports whether a path is in a directory of programs.
func forPrograms(p string) bool {
	return regexp.MustCompile(`^(/usr(/local)?)?/s?bin$`).MatchString(path.Dir(p))
}
