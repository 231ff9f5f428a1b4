// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"strings"
	"testing"
)

// ignores are files of patterns of what a build leaves out, and patterns in a build file.
func (s *site) ignores() []input {
	const build = "layers:\n  - files: [{dest: /src, source: .%s}]\n"
	files := func(ignore, more string) map[string]string {
		return map[string]string{
			"strata.yaml": fmt.Sprintf(build, more), ".dockerignore": ignore, "a/b/c.txt": "text\n", "a/" + strings.Repeat("a", 200): "a\n", "d.txt": "text\n",
		}
	}
	of := func(tries, refused, taken, ignore string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error { return s.build(t, b, project(t, files(ignore, ""))) }}
	}
	in := func(tries, refused, taken, more string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error { return s.build(t, b, project(t, files("", more))) }}
	}
	lines := func(n int, line func(i int) string) string {
		var all strings.Builder
		for i := range n {
			all.WriteString(line(i) + "\n")
		}
		return all.String()
	}
	return []input{
		of("10,000 patterns, each of which the next takes back", "", "the last one counts", lines(10_000, func(i int) string { return []string{"a", "!a"}[i%2] })),
		of("25,000 patterns", "more patterns than BuildKit takes", "", lines(25_000, func(i int) string { return fmt.Sprint(i) })),
		of("1,000 patterns of directories in each other", "", "no file is there", lines(1000, func(i int) string { return fmt.Sprintf("**/x%d/**/y%d", i, i) })),
		of("30 stars, which other readers try in all ways", "", "no file matches", strings.Repeat("a*", 30)+"b"),
		of("30 times any directories", "", "no file matches", strings.Repeat("**/a/", 30)+"b"),
		of("a pattern of 100,000 letters", "token too long", "", strings.Repeat("x", 100_000)),
		of("3 MB of patterns", "has more than 1048576 bytes", "", strings.Repeat("xxxxxxxxxxxxxxx\n", 200_000)),
		of("a pattern ../../etc", "", "nothing is above the context", "../../etc\n!../../etc/shadow"),
		of("an absolute pattern", "", "it is one of the context", "/etc/passwd\n!/etc/shadow"),
		of("a zero byte", "can't be printed", "", "a\x00b"),
		of("a terminal's commands", "can't be printed", "", "\x1b]0;owned\x07"),
		of("a pattern that isn't one", "syntax error", "", "a[b"),
		of("nothing but !", "illegal exclusion", "", "!"),
		of("all, and all but nothing", "", "all is there", "**\n!**/*"),
		in("a pattern of 30 stars for the entry", "", "no file matches", ", exclude: [\""+strings.Repeat("a*", 30)+"b\"]"),
		in("a pattern of any directories 30 times for the entry", "", "no file matches", ", exclude: [\""+strings.Repeat("**/a/", 30)+"b\"]"),
		in("a pattern ../.. for the entry", "", "nothing is above the context", ", include: [\"../../**\"]"),
		in("a pattern of the entry that isn't one", "strata.yaml:2:47: \"a[b\" is not a pattern", "", ", exclude: [\"a[b\"]"),
		in("a terminal's commands in the entry's pattern", "can't be printed", "", `, exclude: ["a\e]0;owned"]`),
		in("a zero byte in the entry's pattern", "want a string of one line", "", `, exclude: ["a\0b"]`),
	}
}
