// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// grep prints the lines that match.
func grep(c *Call) error {
	opt, rest, err := c.Options("q quiet=q silent=q v invert-match=v i ignore-case=i E extended-regexp=E F fixed-strings=F G " +
		"e: regexp=e: x line-regexp=x w word-regexp=w o only-matching=o c count=c s no-messages=s l files-with-matches=l h no-filename=h m: max-count=m: n")
	if err != nil {
		return err
	}
	patterns := opt["e"]
	if len(patterns) == 0 {
		if len(rest) == 0 {
			return refuse("it has no expression")
		}
		patterns, rest = rest[:1], rest[1:]
	}
	g := &grepping{opt: opt, limit: -1}
	if opt.Has("m") {
		if g.limit, err = strconv.Atoi(opt.Value("m")); err != nil {
			return refuse("its number isn't followed")
		}
	}
	extended := opt.Has("E") || path.Base(c.Args[0]) == "egrep"
	fixed := opt.Has("F") || path.Base(c.Args[0]) == "fgrep"
	for _, p := range strings.Split(strings.Join(patterns, "\n"), "\n") {
		re, err := g.pattern(p, extended, fixed)
		if err != nil {
			return err
		}
		g.patterns = append(g.patterns, re)
	}
	if opt.Has("n") || len(rest) > 1 && !opt.Has("q", "h", "l") {
		return refuse("it isn't followed with names or numbers of lines")
	}
	return g.run(c, rest)
}

type grepping struct {
	opt      Options
	patterns []*regexp.Regexp
	limit    int
	out      []string
}

func (g *grepping) pattern(p string, extended, fixed bool) (*regexp.Regexp, error) {
	if fixed {
		p, extended = regexp.QuoteMeta(p), true
	}
	if g.opt.Has("x", "w") {
		open, end := "^(", ")$"
		if g.opt.Has("w") {
			open, end = `\b(`, `)\b`
		}
		if !extended {
			open, end = strings.ReplaceAll(open, "(", `\(`), strings.ReplaceAll(end, ")", `\)`)
		}
		p = open + p + end
	}
	return expression(p, extended, g.opt.Has("i"))
}

func (g *grepping) run(c *Call, files []string) error {
	found, missing := false, false
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, f := range files {
		texts, err := c.inputs([]string{f})
		if errors.Is(err, fs.ErrNotExist) {
			if missing = true; !g.opt.Has("s") {
				_, _ = c.Stderr.Write([]byte("grep: " + f + ": No such file or directory\n"))
			}
			continue
		}
		if err != nil {
			return err
		}
		if g.file(f, texts[0]) {
			found = true
		}
	}
	if !g.opt.Has("q") {
		if err := c.Print(joined(g.out)); err != nil {
			return err
		}
	}
	switch {
	case found && (g.opt.Has("q") || !missing):
		return nil
	case missing:
		return Status(2)
	}
	return Status(1)
}

// file looks at one file, and reports whether something matches.
func (g *grepping) file(name, text string) bool {
	n := 0
	for _, l := range lines(text) {
		if n == g.limit {
			break
		}
		if at := g.match(l); (at != "") == g.opt.Has("v") {
			continue
		}
		n++
		switch {
		case g.opt.Has("l", "c"):
		case g.opt.Has("o"):
			for _, re := range g.patterns {
				for _, m := range re.FindAllString(l, -1) {
					if m != "" {
						g.out = append(g.out, m)
					}
				}
			}
		default:
			g.out = append(g.out, l)
		}
	}
	if g.opt.Has("l") && n > 0 {
		g.out = append(g.out, name)
	}
	if g.opt.Has("c") && !g.opt.Has("l") {
		g.out = append(g.out, strconv.Itoa(n))
	}
	return n > 0
}

// match is "yes" for a line that one of the expressions matches.
func (g *grepping) match(l string) string {
	for _, re := range g.patterns {
		if re.MatchString(l) {
			return "yes"
		}
	}
	return ""
}
