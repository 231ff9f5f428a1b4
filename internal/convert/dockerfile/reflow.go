// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"bytes"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// lineWidth is how long a line of a script may become.
const lineWidth = 100

// reflowed is a simple command with as many words on a line as fit, where the Dockerfile
// has it on several.
func reflowed(st *syntax.Stmt, text string) string {
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok || !strings.Contains(text, "\\\n") || strings.Contains(text, "#") || len(st.Redirs) > 0 || len(call.Assigns) > 0 {
		return text
	}
	var lines []string
	line := ""
	for _, w := range call.Args {
		var out bytes.Buffer
		if err := syntax.NewPrinter().Print(&out, w); err != nil || strings.Contains(out.String(), "\n") {
			return text
		}
		switch word := out.String(); {
		case line == "":
			line = word
		case len(line)+len(word)+3 > lineWidth:
			lines = append(lines, line)
			line = "  " + word
		default:
			line += " " + word
		}
	}
	flowed := strings.Join(append(lines, line), " \\\n")
	want, _ := Meaning(text)
	if got, ok := Meaning(flowed); !ok || got != want {
		return text
	}
	return flowed
}
