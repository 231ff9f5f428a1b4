// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// removes reports whether a step takes packages away.
func removes(text string) bool {
	return regexp.MustCompile(`\b(purge|autoremove|auto-remove|apt-mark|apk del|apt-get (-y )?remove|dnf (-y )?remove)\b`).MatchString(text)
}

// removed keeps the packages that a script removes again in the script.
func (s *stage) removed(in *installation) string {
	const reason = "some of them are removed again"
	var names []string
	for _, st := range in.after {
		if !removes(st.text) {
			continue
		}
		if strings.Contains(st.text, "apt-mark") && !restoresMarks(st.text) {
			return reason
		}
		named, ok := s.purged(st, in.after)
		if !ok {
			return reason
		}
		names = append(names, named...)
	}
	if names == nil {
		return ""
	}
	kept := slices.DeleteFunc(slices.Clone(in.packages.Names), func(name string) bool { return slices.Contains(names, name) })
	if len(kept) == 0 {
		return reason
	}
	passing := slices.DeleteFunc(slices.Clone(in.packages.Names), func(name string) bool { return slices.Contains(kept, name) })
	in.packages.Names = kept
	if len(passing) > 0 {
		t := installers()[0]
		in.after = append(s.again(call{tool: &t, bare: !in.packages.Recommends}, passing), in.after...)
	}
	return ""
}

// purged are the names that a step's calls of apt-get remove, wherever they stand in it.
// Without names, none but packages that nothing needs are; a call that can't be read is
// not ok, nor is another tool's.
func (s *stage) purged(st step, all []step) (names []string, ok bool) {
	ok = true
	syntax.Walk(st.stmt, func(n syntax.Node) bool {
		one, isStmt := n.(*syntax.Stmt)
		if !isStmt || !ok {
			return ok
		}
		call, isCall := one.Cmd.(*syntax.CallExpr)
		if !isCall || len(call.Args) == 0 {
			return true
		}
		var out bytes.Buffer
		if err := syntax.NewPrinter().Print(&out, one); err != nil || !removes(out.String()) || restoresMarks(st.text) && slices.Contains([]string{"apt-mark", "xargs"}, call.Args[0].Lit()) {
			return ok
		}
		w, isPlain := words(one, s.known(all))
		if !isPlain || w[0] != "apt-get" {
			ok = false
			return false
		}
		named := slices.DeleteFunc(w[1:], func(a string) bool { return strings.HasPrefix(a, "-") || a == "purge" || a == "remove" })
		ok = !slices.Contains(named, "autoremove") && (len(named) > 0 || restoresMarks(st.text))
		names = append(names, named...)
		return ok
	})
	return names, ok
}

// restoresMarks reports whether a script marks packages only so that those that were
// asked for before it began to count as asked for in the end.
func restoresMarks(text string) bool {
	saved := strings.Index(text, `savedAptMark="$(apt-mark showmanual)"`)
	auto := regexp.MustCompile(`apt-mark (showmanual \| xargs apt-mark )?auto\b`).FindStringIndex(text)
	again := strings.Index(text, "apt-mark manual $savedAptMark")
	return saved >= 0 && auto != nil && saved < auto[0] && auto[1] < again
}
