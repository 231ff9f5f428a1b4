// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
)

// accounts are users and groups that a script makes, and what else it does.
type accounts struct {
	users  []draft.User
	groups []draft.Group
	rest   []step
}

// aboutAccounts matches commands that look at accounts, or make or change them.
func aboutAccounts(text string) bool {
	return regexp.MustCompile(`/etc/(passwd|group|shadow|gshadow|login|default|skel|adduser)|\b(user|group)(add|mod|del)\b|\b(add|del)(user|group)\b|passwd\b|getent|\b(id|whoami|groups|chsh|chfn|gpasswd|newusers|vipw)\b`).MatchString(text)
}

// accounts takes the users and groups that a script makes out of it; nil where there are
// none. The reason why they stay is a doubt.
func (s *stage) accounts(b *draft.Build) (*accounts, string) {
	if s.user != "" && !isRoot(s.user) || s.onScratch && s.below == nil || b.Run == "" || !regexp.MustCompile(`\b(useradd|groupadd|adduser|addgroup)\b`).MatchString(b.Run) {
		return nil, ""
	}
	if b.Shell != nil && !slices.Contains([]string{"sh", "bash", "ash", "dash"}, path.Base(b.Shell[0])) {
		return nil, ""
	}
	all := s.steps(b)
	if len(all) == 0 {
		return nil, "their script isn't a chain of commands"
	}
	for _, l := range s.out.Layers {
		if l.Build != nil && aboutAccounts(l.Build.Run) {
			return nil, "a command before looks at accounts, too"
		}
	}
	out := &accounts{}
	for _, st := range all {
		w, ok := words(st.stmt, s.known(all))
		if ok && accountTool(w[0]) != nil {
			if reason := out.add(w); reason != "" {
				return nil, reason
			}
			continue
		}
		if aboutAccounts(st.text) {
			return nil, "another command of the script is about accounts, too"
		}
		out.rest = append(out.rest, st)
	}
	if !needsShell(out.rest) {
		out.rest = nil
	}
	out.settle()
	return out, ""
}

// accountTool reads the arguments of a tool; nil for another one.
func accountTool(name string) func(*accounts, []string) string {
	return map[string]func(*accounts, []string) string{
		"groupadd": (*accounts).group, "addgroup": (*accounts).group, "useradd": (*accounts).useradd, "adduser": (*accounts).adduser,
	}[name]
}

func (a *accounts) add(w []string) string { return accountTool(w[0])(a, w[1:]) }

// flags are what a tool was called with: options by their one name, and other words.
type flags struct {
	values map[string]string
	words  []string
	// unknown is the first option that says something else.
	unknown string
}

// readFlags reads arguments. Options are "-u --uid" pairs that have a value, and plain
// ones that have none; the first spelling is their name.
func readFlags(args, valued, plain []string) flags {
	f := flags{values: map[string]string{}}
	find := func(all []string, word string) string {
		for _, spellings := range all {
			if names := strings.Fields(spellings); slices.Contains(names, word) {
				return names[0]
			}
		}
		return ""
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) > 2 && a[0] == '-' && a[1] != '-' { // several letters in one
			args = slices.Insert(slices.Clone(args), i+1, "-"+a[2:])
			a = a[:2]
			if name := find(valued, a); name != "" {
				args[i+1] = strings.TrimPrefix(args[i+1], "-")
			}
		}
		name, value, given := strings.Cut(a, "=")
		switch {
		case !strings.HasPrefix(a, "-"):
			f.words = append(f.words, a)
		case given && find(valued, name) != "":
			f.values[find(valued, name)] = value
		case find(valued, a) != "" && i+1 < len(args):
			i++
			f.values[find(valued, a)] = args[i]
		case find(plain, a) != "":
			f.values[find(plain, a)] = "true"
		case f.unknown == "":
			f.unknown = a
		}
	}
	return f
}

func (f flags) has(name string) bool { _, ok := f.values[name]; return ok }

// isNumber reports whether a text is a number, or an argument that stands for one.
func isNumber(text string) bool {
	return regexp.MustCompile(`^([0-9]+|\$\w+|\$\{\w+\})$`).MatchString(text)
}

// isAccount reports whether a text can name an account, or is an argument that does.
func isAccount(name string) bool {
	return regexp.MustCompile(`^([a-z_][a-z0-9_-]*|\$\w+|\$\{\w+\})$`).MatchString(name)
}

const systemNumber = "the number of a system account would be another one, as the tool and users count in different ways; give it one"

// group is groupadd, or addgroup with one name.
func (a *accounts) group(args []string) string {
	f := readFlags(args, []string{"-g --gid"}, []string{"-r -S --system"})
	switch gid := f.values["-g"]; {
	case f.unknown != "":
		return "what " + f.unknown + " means can't be said by groups"
	case len(f.words) != 1 || !isAccount(f.words[0]):
		return "it makes no group of a plain name"
	case f.has("-r") && gid == "":
		return systemNumber
	case gid != "" && !isNumber(gid):
		return gid + " is no number"
	default:
		a.groups = append(a.groups, draft.Group{Name: f.words[0], GID: gid})
	}
	return ""
}

func (a *accounts) useradd(args []string) string {
	f := readFlags(args, []string{"-u --uid", "-g --gid", "-G --groups", "-d --home --home-dir", "-s --shell", "-c --comment"},
		[]string{"-r --system", "-m --create-home", "-M --no-create-home", "-l --no-log-init", "-U --user-group"})
	return a.user(f, "/bin/sh")
}

func (a *accounts) adduser(args []string) string {
	long := slices.ContainsFunc(args, func(w string) bool { return strings.HasPrefix(w, "--") })
	if !long {
		f := readFlags(args, []string{"-u", "-g -G", "-d -h", "-s", "-c -g"}, []string{"-r -S", "-D", "-M -H"})
		if i := slices.Index(args, "-g"); i >= 0 { // -g is busybox's for the full name
			return "what -g means depends on the tool"
		}
		if !f.has("-r") && !f.has("-D") {
			return "the tool asks for a password"
		}
		if f.has("-r") && !f.has("-s") {
			f.values["-s"] = "/sbin/nologin"
		}
		return a.user(f, "/bin/sh")
	}
	f := readFlags(args, []string{"-u --uid", "-g --gid --ingroup", "-d --home", "-s --shell", "-c --gecos --comment"},
		[]string{"-r --system", "-M --no-create-home", "-D --disabled-password --disabled-login", "-q --quiet", "-U --group"})
	if f.has("-r") && !f.has("-s") {
		f.values["-s"] = "/usr/sbin/nologin"
	}
	return a.user(f, "/bin/bash")
}

// user adds a user as the tool makes one, whose shell is "shell" where none is named.
func (a *accounts) user(f flags, shell string) string {
	if f.unknown != "" {
		return "what " + f.unknown + " means can't be said by users"
	}
	if len(f.words) != 1 || !isAccount(f.words[0]) {
		return "it makes no user of a plain name"
	}
	u := draft.User{
		Name: f.words[0], UID: f.values["-u"], Group: f.values["-g"], Shell: f.values["-s"], Comment: f.values["-c"], System: f.has("-r"), Home: f.values["-d"],
	}
	switch {
	case u.System && u.UID == "":
		return systemNumber
	case u.UID != "" && !isNumber(u.UID):
		return u.UID + " is no number"
	case u.Home != "" && !path.IsAbs(u.Home), u.Shell != "" && !path.IsAbs(u.Shell):
		return "a path of it isn't absolute"
	}
	if groups := f.values["-G"]; groups != "" {
		u.Groups = strings.Split(groups, ",")
	}
	if u.System && u.Home == "" {
		u.Home = "/home/" + u.Name
	}
	if u.Home == "/home/"+u.Name && !u.System {
		u.Home = ""
	}
	if u.Shell == "" {
		u.Shell = shell
	}
	if byDefault := map[bool]string{false: "/bin/sh", true: "/sbin/nologin"}[u.System]; u.Shell == byDefault {
		u.Shell = ""
	}
	a.users = append(a.users, u)
	return ""
}

// settle leaves out groups that users bring along: those of their own name and number.
func (a *accounts) settle() {
	for i := range a.users {
		u := &a.users[i]
		at := slices.IndexFunc(a.groups, func(g draft.Group) bool {
			return g.Name == u.Name && g.GID == u.UID && (u.Group == g.Name || u.Group != "" && u.Group == g.GID)
		})
		others := slices.ContainsFunc(a.users, func(o draft.User) bool {
			return o.Name != u.Name && (o.Group == u.Name || slices.Contains(o.Groups, u.Name))
		})
		if at >= 0 && !others {
			a.groups = slices.Delete(a.groups, at, at+1)
			u.Group = ""
		}
	}
}

// withAccounts puts the users and groups of a script into the target, and reports whether
// nothing else is left of it. A doubt is why they stay a command.
func (s *stage) withAccounts(b *draft.Build, line int) (done bool, doubt string) {
	made, doubt := s.accounts(b)
	if doubt != "" {
		s.c.note(line, Doubt, "the accounts stay a command: %s", doubt)
		return false, doubt
	}
	if made == nil || len(made.users)+len(made.groups) == 0 {
		return false, ""
	}
	s.out.Users, s.out.Groups = append(s.out.Users, made.users...), append(s.out.Groups, made.groups...)
	s.c.note(line, Changed, "accounts are users and groups, and no command runs for them; a home directory is made in any case, empty and with the mode 0755")
	b.Run = script(made.rest)
	return len(made.rest) == 0, ""
}
