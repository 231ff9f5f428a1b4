// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/noshell"
)

// confmodule is what scripts that ask questions read into themselves.
const confmodule = "/usr/share/debconf/confmodule"

// debconfCommand asks debconf something, for the functions in confmodule's place.
const debconfCommand = "strata-debconf"

// debconfFunctions stand for the file confmodule, whose functions talk to a program of
// Perl. Each sets RET and returns debconf's status.
func debconfFunctions() string {
	var b strings.Builder
	b.WriteString("_db_cmd() { if RET=$(" + debconfCommand + " \"$@\"); then return 0; else return $?; fi; }\n")
	for _, name := range []string{
		"capb", "stop", "set", "reset", "title", "input", "beginblock", "endblock", "go", "get", "register", "unregister", "subst", "fset",
		"fget", "purge", "metaget", "version", "exist", "settitle", "info", "progress", "data",
	} {
		fmt.Fprintf(&b, "db_%s() { _db_cmd %s \"$@\"; }\n", name, strings.ToUpper(name))
	}
	return b.String()
}

// A question is one of debconf's. None is asked: each has its default, or what a
// script sets.
type question struct {
	template control.Paragraph
	value    string
	flags    map[string]string
	words    map[string]string // for ${name} in the template
}

// loadQuestions reads a package's templates.
func (a *assembler) loadQuestions(text string) error {
	all, err := control.ParseParagraphs(text)
	if err != nil {
		return fmt.Errorf("read the templates of %s: %w", a.now.Name(), err)
	}
	if a.questions == nil {
		a.questions = map[string]*question{}
	}
	for _, t := range all {
		if name := t.Get("Template"); a.questions[name] == nil {
			a.questions[name] = newQuestion(t)
		}
	}
	return nil
}

func newQuestion(t control.Paragraph) *question {
	return &question{template: t, value: t.Get("Default"), flags: map[string]string{}, words: map[string]string{}}
}

// field is one of the template; that of the C locale counts where there is one.
func (q *question) field(name string) (string, bool) {
	text := ""
	for _, as := range []string{name, name + "-C"} {
		if v := q.template.Get(as); v != "" {
			text = v
		}
	}
	switch {
	case strings.EqualFold(name, "description"):
		text, _, _ = strings.Cut(text, "\n")
	case strings.EqualFold(name, "extended_description"):
		_, text, _ = strings.Cut(q.template.Get("Description"), "\n")
	}
	for _, word := range slices.Sorted(maps.Keys(q.words)) {
		text = strings.ReplaceAll(text, "${"+word+"}", q.words[word])
	}
	return text, text != ""
}

// The statuses of debconf's protocol; see debconf-devel(7).
const (
	noQuestion = 10
	noField    = 20
	skipped    = 30
)

// debconf does a command of debconf's protocol as its frontend Noninteractive does.
func (a *assembler) debconf(c *noshell.Call) error {
	args := c.Args[1:]
	least := map[string]int{
		"SET": 2, "RESET": 1, "GET": 1, "FGET": 2, "FSET": 3, "SUBST": 3, "METAGET": 2, "INPUT": 2, "REGISTER": 2, "UNREGISTER": 1, "EXIST": 1,
	}
	switch args[0] {
	case "VERSION":
		return c.Print("2.0\n")
	case "CAPB":
		return c.Print("multiselect escape\n")
	case "STOP", "TITLE", "SETTITLE", "BEGINBLOCK", "ENDBLOCK", "GO", "INFO", "PROGRESS", "PURGE":
		return c.Print("\n")
	}
	if n := least[args[0]]; n == 0 || len(args) < n+1 {
		if args[0] != "SET" && args[0] != "SUBST" || len(args) < n {
			return noshell.Refuse("it isn't followed")
		}
		args = append(args, "")
	}
	switch args[0] {
	case "REGISTER":
		if t := a.questions[args[1]]; t != nil {
			a.questions[args[2]] = newQuestion(t.template)
			return nil
		}
		return noshell.Status(noField)
	case "EXIST":
		return c.Print(fmt.Sprintf("%v\n", a.questions[args[1]] != nil))
	case "INPUT":
		if a.questions[args[2]] == nil {
			return noshell.Status(noQuestion)
		}
		return noshell.Status(skipped)
	}
	q := a.questions[args[1]]
	if q == nil {
		return noshell.Status(noQuestion)
	}
	return a.aboutQuestion(c, q, args)
}

// aboutQuestion does a command that is about one question.
func (a *assembler) aboutQuestion(c *noshell.Call, q *question, args []string) error {
	switch args[0] {
	case "GET":
		return c.Print(q.value + "\n")
	case "SET":
		q.value = strings.Join(args[2:], " ")
	case "RESET":
		q.value, q.flags["seen"] = q.template.Get("Default"), "false"
	case "FGET":
		if q.flags[args[2]] == "true" {
			return c.Print("true\n")
		}
		return c.Print("false\n")
	case "FSET":
		q.flags[args[2]] = args[3]
	case "SUBST":
		q.words[args[2]] = strings.Join(args[3:], " ")
	case "UNREGISTER":
		delete(a.questions, args[1])
	case "METAGET":
		text, ok := q.field(args[2])
		if !ok {
			return noshell.Status(noField)
		}
		return c.Print(text + "\n")
	}
	return nil
}
