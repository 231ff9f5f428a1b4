// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestStatus(t *testing.T) {
	for script, want := range map[string]string{
		"":                                            "succeeds",
		"exit 3":                                      "3 in line 2",
		"a; exit 0":                                   "succeeds",
		"false":                                       "? in line 2",
		"set -e\nfalse\nexit 0":                       "1 in line 3",
		"set -e\n[ \"$1\" = upgrade ]\nexit 0":        "1 in line 3",
		"set -eu; false || true":                      "succeeds",
		"set -o errexit; false; true":                 "1 in line 2",
		"false; true":                                 "succeeds",
		"echo 'not on this system' >&2; exit 1":       "1 in line 2",
		"set -e; a; exit 0":                           "? in line 2",
		"a || exit 2":                                 "2 in line 2 perhaps",
		"a || true":                                   "succeeds",
		"if a; then exit 1; else exit 2; fi":          "? in line 2",
		"if a; then exit 0; else exit 0; fi; b":       "succeeds",
		"f() { return 4; }; f":                        "? in line 2",
		"set -e; f() { return 4; }; f; exit 0":        "? in line 2",
		"f() { exit 4; }; f; exit 0":                  "4 in line 2",
		"(exit 3); exit 0":                            "succeeds",
		"set -e; (exit 3); exit 0":                    "? in line 2",
		"set -e; x=$(false); exit 0":                  "? in line 2",
		"case $1 in install) exit 5;; esac":           "5 in line 2",
		"case $1 in upgrade) exit 5;; esac":           "succeeds",
		"case $1 in [!0-9]*) exit 5;; esac":           "5 in line 2 perhaps",
		"for i in 1 2; do [ $i = 1 ] || exit 9; done": "9 in line 2",
		"for i in 1 2; do [ $i = 1 ] && continue; exit 9; done": "9 in line 2",
		"set -u; echo $undefined; exit 0":                       "? in line 2",
		"exit 256":                                              "succeeds",
		"rc=7; exit $rc":                                        "7 in line 2",
		"false; exit $?":                                        "? in line 2",
		"! true":                                                "? in line 2",
	} {
		course, err := Follow("#!/bin/sh\n"+script, Options{Args: []string{"install"}})
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		if got := said(course); got != want {
			t.Errorf("%s: %s, want %s", script, got, want)
		}
	}
}

// said is what is known of a script's end; of one that surely fails and whose code
// isn't known, there is a question mark.
func said(c Course) string {
	code := "?"
	if c.Code != 0 {
		code = fmt.Sprint(c.Code)
	}
	switch c.Succeeds {
	case True:
		return "succeeds"
	case False:
		return fmt.Sprintf("%s in line %d", code, c.Line)
	}
	if c.Code != 0 {
		return fmt.Sprintf("%s in line %d perhaps", code, c.Line)
	}
	return fmt.Sprintf("? in line %d", c.Line)
}

// A writer writes scripts at random.
type writer struct {
	*rand.Rand
	marks, depth, loops, functions int
	inFunction                     bool
}

func (w *writer) one(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) list() string {
	var out []string
	for range 1 + w.IntN(3) {
		out = append(out, w.stmt())
	}
	return strings.Join(out, "\n")
}

// stmt is a statement. What it is seen to do is to print a number.
func (w *writer) stmt() string {
	if w.depth++; w.depth > 4 {
		defer func() { w.depth-- }()
		return w.plain()
	}
	defer func() { w.depth-- }()
	switch w.IntN(12) {
	case 0:
		return fmt.Sprintf("if %s; then\n%s\nelse\n%s\nfi", w.plain(), w.list(), w.list())
	case 1:
		return w.plain() + w.one(" && ", " || ") + w.plain() + w.one(" && ", " || ") + w.plain()
	case 2:
		return "(\n" + w.away(w.list) + "\n)"
	case 3:
		return "{\n" + w.list() + "\n}"
	case 4:
		return fmt.Sprintf("case \"$%s\" in\n%s)\n%s\n;;\n*)\n%s\n;;\nesac", w.one("1", "2", "v"), w.one("a", "b", "a|b", "[!a]", "[!0-9]*", "[[:alpha:]]", "[^b]", "?"), w.list(), w.list())
	case 5:
		w.loops++
		defer func() { w.loops-- }()
		return fmt.Sprintf("for v in %s; do\n%s\ndone", w.one("", "a", "a b", "b c d"), w.list())
	case 6:
		if w.depth > 1 {
			return w.plain()
		}
		loops := w.loops
		w.loops, w.inFunction = 0, true
		body := w.list()
		w.loops, w.inFunction = loops, false
		w.functions++
		return fmt.Sprintf("f%d() {\n%s\n}", w.functions, body)
	case 7:
		return "v=$(" + w.away(w.plain) + ")"
	case 8:
		return "! " + w.plain()
	case 9:
		return w.one("set -e", "set +e", "set -e", "v=a", "v=", "shift", "true | "+w.away(w.plain))
	default:
		return w.plain()
	}
}

// away writes something that a loop or a function can't be left from.
func (w *writer) away(write func() string) string {
	loops, in := w.loops, w.inFunction
	w.loops, w.inFunction = 0, false
	defer func() { w.loops, w.inFunction = loops, in }()
	return write()
}

func (w *writer) plain() string {
	w.marks++
	mark := fmt.Sprintf("/bin/echo mark%d", w.marks)
	if w.inFunction && w.IntN(6) == 0 {
		return w.one("return", "return 0", "return 3")
	}
	if w.loops > 0 && w.IntN(6) == 0 {
		return w.one("break", "continue")
	}
	if w.functions > 0 && !w.inFunction && w.IntN(6) == 0 {
		return fmt.Sprintf("f%d %s", 1+w.IntN(w.functions), w.one("", "a", "b c"))
	}
	return w.one("true", "false", "/bin/true", "/bin/false", mark, mark+" >&2", `[ "$1" = a ]`, `[ -z "$v" ]`, `[ "$v" = a ]`, "echo $v >/dev/null", "v='/no/such/*'", "for v in $v; do "+mark+"; done",
		w.one("exit", "exit 0", "exit 1", "exit 7", "exit $?"), `test -n "$2"`, `v="$v$1"`)
}

// TestStatusIsTheShells runs scripts at random with the shell and follows them: what
// is known must be true, and what is run must be listed.
func TestStatusIsTheShells(t *testing.T) {
	for _, shell := range []string{"/bin/dash", "/bin/bash"} {
		if _, err := exec.LookPath(shell); err != nil {
			t.Fatalf("there is no %s here", shell)
		}
		known, all := 0, 0
		for seed := range uint64(120) {
			w := &writer{Rand: rand.New(rand.NewPCG(seed, 7))}
			script := "#!" + shell + "\n" + w.one("", "set -e\n", "set -e\n") + w.list() + "\n" + w.list() + "\n" + w.list()
			course, err := Follow(script, Options{Args: []string{"a", "b"}})
			if errors.Is(err, ErrUnreadable) {
				continue
			}
			all++
			if course.Succeeds != Unknown {
				known++
			}
			if wrong := compareRun(t, shell, script, course); wrong != "" {
				t.Fatalf("%s (seed %d)\n%s", wrong, seed, script)
			}
		}
		if all < 90 || known < all/4 {
			t.Errorf("%s: of %d scripts that were followed, the status of %d is known", shell, all, known)
		}
	}
}

// compareRun runs a script and says what isn't as it was followed.
func compareRun(t *testing.T, shell, script string, c Course) string {
	t.Helper()
	cmd := exec.Command(shell, "-c", script, shell, "a", "b")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	code := cmd.ProcessState.ExitCode()
	if c.Succeeds == True && code != 0 || c.Succeeds == False && (code == 0 || c.Code != 0 && c.Code != code) {
		return fmt.Sprintf("it ends with %d; followed: %s", code, said(c))
	}
	ran := strings.Fields(string(out))
	for _, call := range c.Calls {
		if len(call.Args) != 2 || call.Args[0] != "/bin/echo" {
			continue
		}
		if !call.Maybe && strings.Contains(script, call.Args[1]+" >&2") && !slices.Contains(ran, call.Args[1]) {
			return call.Args[1] + " is certain and wasn't run"
		}
	}
	for _, mark := range ran {
		if strings.HasPrefix(mark, "mark") && !slices.ContainsFunc(c.Calls, func(call Call) bool { return len(call.Args) == 2 && call.Args[1] == mark }) {
			return mark + " was run and isn't listed"
		}
	}
	return ""
}
