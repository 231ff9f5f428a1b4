// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// calls are the commands of a script, one a line; a mark says that one may not
// run, and a question mark stands for an argument that isn't known.
func calls(t *testing.T, script string, args ...string) string {
	t.Helper()
	course, err := Follow("#!/bin/sh\n"+script, Options{
		Args: args,
		Env:  map[string]string{"FIXED": "fixed"},
		Test: func(_, file string) Truth {
			switch {
			case strings.HasPrefix(file, "/there"):
				return True
			case strings.HasPrefix(file, "/absent"):
				return False
			}
			return Unknown
		},
	})
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	var b strings.Builder
	for _, c := range course.Calls {
		words := slices.Clone(c.Args)
		for i := range words {
			if !c.Known[i] {
				words[i] = "?"
			}
		}
		if c.Maybe {
			b.WriteString("maybe ")
		}
		b.WriteString(strings.Join(words, "|") + "\n")
	}
	return b.String()
}

func TestFollowsAScript(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"plain", "set -e\na 'b c' \"$1\" $2 # d\n", "a|b c|configure\n"},
		{"arguments", `a "$@"; shift; b "$@"`, "a|configure\nb\n"},
		{"condition on an argument", `if [ "$1" = upgrade ]; then a; elif [ "$1" = configure ] && [ -z "$2" ]; then b; else c; fi`, "b\n"},
		{"case", "case \"$1\" in install|upgrade) a;; conf*) b;; *) c;; esac\nd", "b\nd\n"},
		{"case without a match", `case "$1" in a) a;; esac; case $x in a) b;; esac`, "maybe b\n"},
		{"unknown condition", "if x; then a; exit 0; else b; fi; c", "x\nmaybe a\nmaybe b\nmaybe c\n"},
		{"certain way out", "a; exit 0; b", "a\n"},
		{"possible way out", "[ -e /somewhere ] || exit 0; b", "maybe b\n"},
		{"a file", "[ -x /there ] && a; [ ! -e /absent/x ] || b; test -f /absent -o -d /there/x && c", "a\nc\n"},
		{"variables", `x=1 y="$x$FIXED"; a $y ${z:-none} "${x:-2}"; x=; b $x "$x"`, "a|1fixed|?|1\nb|\n"},
		{"variable set perhaps", "x=1; if y; then x=2; fi; a $x", "y\na|?\n"},
		{"variable in a subshell", "x=1; (x=2; a $x); b $x", "a|2\nb|1\n"},
		{"words of a variable", "x='1 2'; a $x \"$x\"", "a|1|2|1 2\n"},
		{"function", "f() { a \"$1\"; return 0; b; }\nf 1 && c; f \"$@\"", "a|1\nc\na|configure\n"},
		{"loop over words", "for i in 1 2; do a $i; done; b $i", "a|1\na|2\nb|2\n"},
		{"loop with another round", "for i in 1 2; do [ $i = 2 ] || continue; a $i; done", "a|2\n"},
		{"loop with a round that may end", "for i in 1 2; do x $i || continue; a $i; done; b", "x|1\nmaybe a|1\nx|2\nmaybe a|2\nb\n"},
		{"case that may match before", "case $x in a) b;; *) c;; esac", "maybe b\nmaybe c\n"},
		{"local variable", "x=1; f() { local x=2; a $x; }; f; b $x", "a|2\nb|1\n"},
		{"exported variable", "x=1; export x=2; a $x; export x; b $x", "a|2\nb|2\n"},
		{"set -e", "set -e; a; b", "a\nmaybe b\n"},
		{"set -e in a condition", "set -e; if a; then b; fi; c || d; e", "a\nmaybe b\nmaybe c\nmaybe d\nmaybe e\n"},
		{"loop over files", "for i in /x/*; do [ -x $i ] || continue; a $i; done; b", "maybe a|?\nb\n"},
		{"loop with a break", "for i in 1 2; do a $i; x && break; done", "a|1\nx\nmaybe a|?\nmaybe x\n"},
		{"numbers", "for i in $(seq 2 -1 0); do a \"/x.$i\"; done", "a|/x.2\na|/x.1\na|/x.0\n"},
		{"while", "x=1; while read x; do a $x; done; b $x", "maybe a|?\nb|?\n"},
		{"command in a word", "x=$(a b | c); d \"$(e)\"", "a|b\nc\ne\nd|?\n"},
		{"output to files", "a >/dev/null 2>&1; b >> /etc/x; cat <<-E >/y\n\thello $1\n\tE\necho a b >/z; : >/n", "a\n>>|/etc/x|?\nmaybe b\n>|/y|hello configure\n\nmaybe cat\n>|/z|a b\n\n>|/n|\n"},
		{"glob", "rm -f /x/*; rm '/x/*' \\*", "rm|-f|?\nrm|/x/*|*\n"},
		{"negation", "! false && a; if ! true; then b; fi", "a\n"},
		{"pipes", "a | b || c", "a\nb\nmaybe c\n"},
		{"eval", "eval \"$x\"; . /usr/share/x; exec y", "eval|?\n.|/usr/share/x\nexec|y\n"},
		{"background", "a & b", "a\nb\n"},
		{"argument lost", "if x; then shift; fi; a $1 \"$@\"", "x\nmaybe a|?|?\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, calls(t, c.script, "configure")); diff != "" {
				t.Errorf("unexpected calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusesWhatItCantFollow(t *testing.T) {
	for name, script := range map[string]string{
		"no interpreter":    "echo",
		"another language":  "#!/usr/bin/perl\nprint 1;\n",
		"wrong syntax":      "#!/bin/sh\nif true; then\n",
		"arithmetic loop":   "#!/bin/bash\nfor ((i=0;i<3;i++)); do a; done\n",
		"endless functions": "#!/bin/sh\nf() { f; }\nf\n",
		"endless nothing": "#!/bin/sh\na() { b; b; b; b; b; b; b; b; b; b; }\nb() { c; c; c; c; c; c; c; c; c; c; }\nc() { d; d; d; d; d; d; d; d; d; d; }\n" +
			"d() { e; e; e; e; e; e; e; e; e; e; }\ne() { g; g; g; g; g; g; g; g; g; g; }\ng() { :; }\na\n",
		"endless work": "#!/bin/sh\nf() { " + strings.Repeat("g; ", 64) + "}\ng() { " + strings.Repeat("h; ", 64) + "}\nh() { " + strings.Repeat("a; ", 64) + "}\nf\n",
	} {
		if found, err := Follow(script, Options{}); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

// TestFollowsTheMachinesScripts reads all maintainer scripts of the machine.
func TestFollowsTheMachinesScripts(t *testing.T) {
	scripts, err := filepath.Glob("/var/lib/dpkg/info/*.p*")
	if err != nil {
		t.Fatal(err)
	}
	followed, all := 0, 0
	for _, file := range scripts {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "#!") {
			continue
		}
		all++
		if _, err := Follow(string(text), Options{Args: []string{"configure"}}); err == nil {
			followed++
		} else {
			t.Logf("%s: %v", file, err)
		}
	}
	if all < 20 || followed < all*9/10 {
		t.Errorf("of %d scripts only %d are followed", all, followed)
	}
}

// FuzzFollow looks for scripts that make following them panic or hang.
func FuzzFollow(f *testing.F) {
	f.Add("for i in $(seq 2 -1 0); do a \"/x.$i\"; done")
	f.Add("f() { case $1 in x) shift; f \"$@\";; esac; }; f x x y")
	f.Fuzz(func(_ *testing.T, script string) {
		_, _ = Follow("#!/bin/sh\n"+script, Options{Args: []string{"configure", ""}})
	})
}
