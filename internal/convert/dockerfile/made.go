// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// made are the entries of files that do what a script does, if it only makes directories
// as root, and says whose they are and with which modes; nil for any other.
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
		s.dirs[e.Dest] = true
	}
	return m.out
}

// making are directories while a script is read that makes them.
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
		at := slices.IndexFunc(m.out, func(e draft.Entry) bool { return e.Dest == dest })
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
