// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// File applies the rules that need nothing but the build file and its lock, which may
// be nil; target is the wanted one. Findings have the rule that they are of.
func File(s *spec.Spec, target string, locked *lock.File, c Config) []*spec.Error {
	l := &pass{spec: s, target: target, lock: locked}
	l.args()
	l.logins()
	l.users()
	used := l.usedTargets()
	for i := range s.Targets {
		l.named(&s.Targets[i], used)
		l.configured(&s.Targets[i])
		for j := range s.Targets[i].Layers {
			l.layer(&s.Targets[i].Layers[j])
		}
	}
	return append(l.found, c.unknown(s)...)
}

// of gives a finding its rule.
func of(rule string, e *spec.Error) *spec.Error {
	e.Rule = rule
	return e
}

// pass is one call of File or Plan.
type pass struct {
	spec   *spec.Spec
	target string
	lock   *lock.File
	found  []*spec.Error
	// told is how many findings there are of each rule.
	told map[string]int
}

// maxFound is how many findings of a rule are told, the first ones: each has the lines that it is
// about, and a hundred thousand may be on one line of a megabyte.
const maxFound = 100

func (l *pass) report(rule string, at spec.Pos, format string, args ...any) {
	l.reportRange(rule, spec.Range{Start: at, End: at}, format, args...)
}

func (l *pass) reportRange(rule string, at spec.Range, format string, args ...any) {
	if l.told == nil {
		l.told = map[string]int{}
	}
	if l.told[rule]++; l.told[rule] <= maxFound {
		l.found = append(l.found, of(rule, l.spec.ErrorfRange(at, format, args...)))
	}
}

// texts are the texts that a string may stand for.
func texts(s spec.String) []spec.PlatformString {
	if s.Platforms != nil {
		return s.Platforms
	}
	if !s.IsSet() {
		return nil
	}
	return []spec.PlatformString{{Value: s.Value, Pos: s.Pos}}
}

// args looks at the declared arguments. What a Dockerfile takes isn't known here.
func (l *pass) args() {
	mentioned, unknown := map[string]bool{}, l.spec.UsesDockerfile()
	for _, name := range append(spec.Mentioned(string(l.spec.Data)), l.given()...) {
		mentioned[name] = true
	}
	for _, a := range l.spec.Args {
		if looksSecret(a.Name) {
			l.report(SecretsUsedInArgOrEnv, a.Pos, "argument %s looks like a secret; use a build's secrets", a.Name)
		}
		if !mentioned[a.Name] && !unknown {
			l.report(UnusedArg, a.Pos, "argument %s is not used; remove it, or write $%s where it is meant", a.Name, a.Name)
		}
	}
}

// given are the arguments that commands get by their names, mentioned or not.
func (l *pass) given() []string {
	var names []string
	for i := range l.spec.Targets {
		for j := range l.spec.Targets[i].Layers {
			b := l.spec.Targets[i].Layers[j].Build
			if b == nil {
				continue
			}
			for _, arg := range b.Args {
				for _, text := range texts(arg) {
					names = append(names, text.Value)
				}
			}
		}
	}
	return names
}

// named looks at the names of targets, and at who uses them.
func (l *pass) named(t *spec.Target, used func(name string) bool) {
	at := t.Range.Start
	if t.Name == spec.DefaultTarget {
		return
	}
	if strings.ToLower(t.Name) != t.Name {
		l.report(StageNameCasing, at, "target name %q should be lowercase", t.Name)
	}
	if slices.Contains([]string{"scratch", "layers", "context", "target", "dockerfile"}, t.Name) {
		l.report(ReservedStageName, at, "target name %q means something else in from", t.Name)
	}
	image := !t.Config.Range.Start.IsZero() || len(t.Annotations)+len(t.Tests)+len(t.Tags)+len(t.Platforms) > 0 || strings.HasPrefix(t.From.Value, "target:")
	if !image && t.Name != l.target && !used(t.Name) {
		l.report(UnreachableTarget, at, "target %s is not used by another one and has no configuration of its own", t.Name)
	}
}

// usedTargets tells which targets are named by another one. A name that is put together
// counts for all.
func (l *pass) usedTargets() func(name string) bool {
	used, loose := map[string]bool{}, map[string]bool{}
	for i := range l.spec.Targets {
		t := &l.spec.Targets[i]
		froms := []spec.String{t.From}
		for j := range t.Layers {
			froms = append(froms, t.Layers[j].Strategy().Froms()...)
		}
		for _, from := range froms {
			for _, text := range texts(from) {
				if name, ok := strings.CutPrefix(text.Value, "target:"); ok && name != t.Name {
					used[name] = true
				}
				if strings.Contains(text.Value, "$") {
					loose[t.Name] = true
				}
			}
		}
	}
	return func(name string) bool { return used[name] || len(loose) > 1 || len(loose) == 1 && !loose[name] }
}

// configured looks at a target's configuration.
func (l *pass) configured(t *spec.Target) {
	c := &t.Config
	for _, pairs := range [][]spec.Pair{c.Env, c.Labels} {
		for _, p := range pairs {
			if looksSecret(p.Key) && !p.Removed {
				l.report(SecretsUsedInArgOrEnv, p.KeyPos, "%s looks like a secret; use a build's secrets", p.Key)
			}
		}
	}
	for _, text := range texts(c.User) {
		if user, _, _ := strings.Cut(text.Value, ":"); isRoot(t, user) {
			l.report(RootUser, text.Pos, "the container runs as root; name another user")
		}
	}
	for _, port := range c.Expose.Add {
		for _, text := range texts(port) {
			if strings.ToLower(text.Value) != text.Value && spec.Literal(text.Value) {
				l.report(ExposeProtoCasing, text.Pos, "the protocol of %q should be lowercase", text.Value)
			}
		}
	}
	l.twice("port", c.Expose.Add)
	l.twice("volume", c.Volumes.Add)
	l.command("entrypoint", c.Entrypoint)
	if len(c.Entrypoint) == 0 {
		l.command("cmd", c.Cmd)
	}
}

// command looks for a shell that keeps signals from the program.
func (l *pass) command(what string, words []spec.String) {
	if len(words) == 0 {
		return
	}
	first := words[0].Value
	switch {
	case len(words) == 1 && strings.Contains(strings.TrimSpace(first), " "):
		l.report(JSONArgsRecommended, words[0].Pos, "%s is one word, %q, which is taken for the name of a program; write a list of words", what, first)
	case len(words) > 2 && slices.Contains([]string{"sh", "bash", "ash", "dash"}, first[strings.LastIndex(first, "/")+1:]) &&
		strings.HasPrefix(words[1].Value, "-") && strings.HasSuffix(words[1].Value, "c") && !strings.Contains(words[2].Value, "exec "):
		l.report(JSONArgsRecommended, words[0].Pos, "%s runs the program in a shell, which keeps signals from it; write a list of words, or exec before the program", what)
	}
}

// twice looks for entries that a list has already.
func (l *pass) twice(noun string, list []spec.String) {
	seen := map[string]bool{}
	for _, s := range list {
		if s.Platforms == nil && seen[s.Value] {
			l.report(DuplicateEntry, s.Pos, "%s %q is there twice", noun, s.Value)
		}
		seen[s.Value] = true
	}
}

// isRoot reports whether a user is root, under whatever name the target gives it.
func isRoot(t *spec.Target, user string) bool {
	return user == "root" || user == "0" || slices.ContainsFunc(t.Users, func(u spec.User) bool {
		return u.Name.Value == user && u.UID.Value == "0"
	})
}

// looksSecret reports whether a name is one that secrets go by, and not one of what is
// public, of a version, or of a file that has a secret. Names with dots and hyphens, as
// labels have, often speak of keys that are none.
func looksSecret(name string) bool {
	found := false
	isVariable := !strings.ContainsAny(name, "-.")
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(c rune) bool { return c == '_' || c == '-' || c == '.' }) {
		switch word {
		case "public", "file", "version":
			return false
		case "password", "passwd", "pwd", "secret", "token", "apikey", "credential", "credentials":
			found = found || word != "pwd" || len(name) > len(word)
		case "auth", "key", "pword":
			found = found || isVariable
		}
	}
	return found
}
