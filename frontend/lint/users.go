// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/spec"
)

// users looks for users that a target has and that nothing of the build file names. One
// that is put together may be any of them.
func (l *pass) users() {
	var names userNames
	for i := range l.spec.Targets {
		names.target(&l.spec.Targets[i])
	}
	if names.any {
		return
	}
	for i := range l.spec.Targets {
		for _, u := range l.spec.Targets[i].Users {
			if u.Name.Platforms != nil || !spec.Literal(u.Name.Value) || names.has(u.Name.Value) || u.UID.IsSet() && names.has(u.UID.Value) {
				continue
			}
			l.report(UnusedUser, u.Name.Pos, "user %s is not used; remove it, or name it as config.user or as an owner", u.Name.Value)
		}
	}
}

// userNames are words of a build file that may name users; any says that one isn't
// known here.
type userNames struct {
	words map[string]bool
	any   bool
}

func (n *userNames) has(name string) bool { return n.words[name] }

// target adds what a target names, but not the users and groups that it has.
func (n *userNames) target(t *spec.Target) {
	n.named(t.Config.User)
	for i := range t.Users {
		n.named(t.Users[i].Group)
		n.named(t.Users[i].Groups...)
	}
	for i := range t.Layers {
		named, texts := t.Layers[i].Strategy().Users()
		n.named(named...)
		n.texts(texts...)
	}
	for i := range t.Tests {
		test := &t.Tests[i]
		n.named(test.User)
		n.texts(append(test.Argv, test.Run)...)
		for j := range test.Files {
			n.named(test.Files[j].Owner)
		}
	}
	// The first word is the name of a program.
	if command := slices.Concat(t.Config.Entrypoint, t.Config.Cmd); len(command) > 0 {
		n.texts(command[1:]...)
	}
	if check := t.Config.Healthcheck; check != nil {
		n.texts(check.Test...)
	}
}

// named adds users, owners or groups.
func (n *userNames) named(all ...spec.String) {
	for _, s := range all {
		for _, text := range texts(s) {
			n.any = n.any || !spec.Literal(text.Value)
		}
	}
	n.texts(all...)
}

// texts adds all words of some texts.
func (n *userNames) texts(all ...spec.String) {
	if n.words == nil {
		n.words = map[string]bool{}
	}
	for _, s := range all {
		for _, text := range texts(s) {
			for word := range strings.FieldsFuncSeq(text.Value, endsUserName) {
				n.words[word] = true
			}
		}
	}
}

// endsUserName reports whether a character is no part of the name of a user, nor of a
// path.
func endsUserName(r rune) bool {
	return r < 0x80 && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/$", r)
}
