// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// escapeDollars puts a backslash before each dollar that stands before a command in
// backquotes: the library prints those as $( ), and $$ is a parameter.
func escapeDollars(file *syntax.File) {
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Word:
			escapeIn(n.Parts)
		case *syntax.DblQuoted:
			escapeIn(n.Parts)
		}
		return true
	})
}

func escapeIn(parts []syntax.WordPart) {
	for i, part := range parts {
		lit, ok := part.(*syntax.Lit)
		if !ok || i+1 == len(parts) {
			continue
		}
		before, ends := strings.CutSuffix(lit.Value, "$")
		backslashes := len(before) - len(strings.TrimRight(before, `\`))
		if _, sub := parts[i+1].(*syntax.CmdSubst); sub && ends && backslashes%2 == 0 {
			lit.Value = before + `\$`
		}
	}
}
