// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"regexp"
)

func testObject() object[Test] {
	run := runKey(func(t *Test) (*String, *[]String, *Pos) { return &t.Run, &t.Argv, new(Pos) })
	run.needed = false
	return object[Test]{
		span:  func(t *Test) *Range { return &t.Range },
		needs: []needs{{"wait", []string{"start"}}, {"http", []string{"start"}}, {"tcp", []string{"start"}}, {"expect", []string{"run"}}},
		check: func(c cursor, t *Test) {
			if !c.has("run") && !t.Start && !c.has("files") {
				c.fault("has none of run, start, files; it needs something to look at")
			}
		},
		keys: append([]key[Test]{
			bind("name", "The test's name.", word(checkLine),
				func(t *Test) *string { return &t.Name }),
			run,
			bind("env", "Environment variables, over the image's; null removes one of those.", removing(env()),
				func(t *Test) *[]Pair { return &t.Env }),
			bind("user", "Who runs the command.", owner(),
				func(t *Test) *String { return &t.User }),
			bind("expect", "What the command must give.", expectObject().kind(),
				func(t *Test) *Expect { return &t.Expect }),
			bind("files", "What must hold of files in the image.", filled(fileCheckObject().kind()),
				func(t *Test) *[]FileCheck { return &t.Files }),
		}, serviceKeys()...),
	}
}

func expectObject() object[Expect] {
	return object[Expect]{
		keys: []key[Expect]{
			bind("exit", "The exit status.", number(0, 255),
				func(e *Expect) *int { return &e.Exit }),
			bind("stdout", "Conditions on the standard output.", pointer(matchObject().kind()),
				func(e *Expect) **Match { return &e.Stdout }),
			bind("stderr", "Conditions on the standard error.", pointer(matchObject().kind()),
				func(e *Expect) **Match { return &e.Stderr }),
		},
	}
}

func matchObject() object[Match] {
	return object[Match]{
		span: func(m *Match) *Range { return &m.Range },
		keys: []key[Match]{
			bind("equals", "The whole text.", text(),
				func(m *Match) *String { return &m.Equals }),
			bind("contains", "A part of the text.", text(),
				func(m *Match) *String { return &m.Contains }),
			bind("matches", "A regular expression.", text(checkRegexp),
				func(m *Match) *String { return &m.Matches }),
		},
		check: func(c cursor, _ *Match) {
			if len(c.node.pairs) == 0 {
				c.fault("has none of equals, contains, matches")
			}
		},
	}
}

func checkRegexp(text string) error {
	if _, err := regexp.Compile(text); err != nil {
		return fmt.Errorf("read regular expression: %w", err)
	}
	return nil
}
