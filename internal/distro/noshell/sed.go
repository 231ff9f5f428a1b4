// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// sed changes a text line by line.
func sed(c *Call) error {
	err := edit(c)
	if errors.Is(err, os.ErrNotExist) {
		_, _ = io.WriteString(c.Stderr, "sed: "+err.Error()+"\n")
		return Status(2)
	}
	return err
}

func edit(c *Call) error {
	opt, rest, err := c.Options("n quiet=n silent=n e: expression=e: E regexp-extended=E r=E i in-place=i u s")
	if err != nil {
		return err
	}
	scripts := opt["e"]
	if len(scripts) == 0 {
		if len(rest) == 0 {
			return refuse("it has no script")
		}
		scripts, rest = rest[:1], rest[1:]
	}
	p := &sedParser{in: strings.Join(scripts, "\n"), extended: opt.Has("E")}
	commands, err := p.commands()
	if err != nil {
		return err
	}
	if !opt.Has("i") {
		texts, err := c.inputs(rest)
		if err != nil {
			return err
		}
		out := newSed(commands, opt.Has("n")).run(strings.Join(texts, ""))
		return c.Print(out)
	}
	for _, f := range rest {
		texts, err := c.inputs([]string{f})
		if err != nil {
			return err
		}
		info, err := c.Files().Stat(c.Path(f), true)
		if err != nil {
			return err
		}
		if err := c.Files().Write(c.Path(f), []byte(newSed(commands, opt.Has("n")).run(texts[0])), info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}

// A sedCommand is one command with its addresses.
type sedCommand struct {
	from, to *sedAddress
	not      bool
	name     byte
	re       *regexp.Regexp
	with     string // of s, a, i and c
	all      bool
	nth      int
	print    bool
	inside   bool // a range has begun
	block    []*sedCommand
}

type sedAddress struct {
	line int // 0 for none
	last bool
	re   *regexp.Regexp
	// start is before the first line.
	start bool
}

// editing is a run of sed over one text.
type editing struct {
	commands []*sedCommand
	quiet    bool
	out      strings.Builder
	line     string
	number   int
	isLast   bool
	after    string
	deleted  bool
	quit     bool
	// ended says that the last line gets its end if it has none.
	ended bool
}

func newSed(commands []*sedCommand, quiet bool) *editing {
	return &editing{commands: commands, quiet: quiet}
}

func (e *editing) run(text string) string {
	reset(e.commands)
	all := lines(text)
	for i, l := range all {
		e.line, e.number, e.isLast, e.after, e.deleted = l, i+1, i+1 == len(all), "", false
		e.do(e.commands)
		if !e.quiet && !e.deleted {
			e.out.WriteString(e.line + "\n")
		}
		e.out.WriteString(e.after)
		if e.quit {
			break
		}
	}
	out := e.out.String()
	if !strings.HasSuffix(text, "\n") && !e.ended && !e.quit && text != "" && !e.deleted && e.after == "" {
		out = strings.TrimSuffix(out, "\n")
	}
	return out
}

func reset(commands []*sedCommand) {
	for _, c := range commands {
		c.inside = c.from != nil && c.from.start
		reset(c.block)
	}
}

// do runs commands on a line; it reports whether the next ones are run, too.
func (e *editing) do(commands []*sedCommand) bool {
	for _, c := range commands {
		if !e.selects(c) {
			continue
		}
		switch c.name {
		case '{':
			if !e.do(c.block) {
				return false
			}
		case 'd':
			e.deleted = true
			return false
		case 'p':
			e.out.WriteString(e.line + "\n")
		case 'q':
			e.quit = true
			return false
		case '=':
			e.out.WriteString(strconv.Itoa(e.number) + "\n")
		case '+':
			e.ended = true
		case 'a':
			e.after += c.with + "\n"
		case 'i':
			e.out.WriteString(c.with + "\n")
		case 'c':
			e.out.WriteString(c.with + "\n")
			e.deleted = true
			return false
		case 's':
			if e.substitute(c) && c.print {
				e.out.WriteString(e.line + "\n")
			}
		}
	}
	return true
}

func (e *editing) selects(c *sedCommand) bool {
	in := true
	switch {
	case c.from == nil:
	case c.to == nil:
		in = e.at(c.from)
	case c.inside:
		c.inside = !e.at(c.to) && (c.to.line == 0 || e.number < c.to.line)
	default:
		if in = e.at(c.from); in {
			c.inside = c.to.line == 0 && !c.to.last || c.to.line > e.number || c.to.last && !e.isLast
		}
	}
	return in != c.not
}

func (e *editing) at(a *sedAddress) bool {
	switch {
	case a.re != nil:
		return a.re.MatchString(e.line)
	case a.last:
		return e.isLast
	}
	return e.number == a.line
}

func (e *editing) substitute(c *sedCommand) bool {
	matches := c.re.FindAllStringSubmatchIndex(e.line, -1)
	var b strings.Builder
	end, done := 0, false
	for i, m := range matches {
		if i+1 < c.nth || done && !c.all {
			continue
		}
		b.WriteString(e.line[end:m[0]])
		replace(&b, c.with, e.line, m)
		end, done = m[1], true
	}
	e.line = b.String() + e.line[end:]
	return done
}

// replace writes what stands for a match.
func replace(b *strings.Builder, with, line string, m []int) {
	for i := 0; i < len(with); i++ {
		switch {
		case with[i] == '&':
			b.WriteString(line[m[0]:m[1]])
		case with[i] == '\\' && i+1 < len(with):
			i++
			switch d := with[i]; {
			case d >= '0' && d <= '9':
				if n := int(d - '0'); 2*n+1 < len(m) && m[2*n] >= 0 {
					b.WriteString(line[m[2*n]:m[2*n+1]])
				}
			case d == 'n':
				b.WriteByte('\n')
			case d == 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(d)
			}
		default:
			b.WriteByte(with[i])
		}
	}
}
