// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"regexp"
	"strconv"
	"strings"
)

// A sedParser reads a script of sed.
type sedParser struct {
	in       string
	at       int
	extended bool
	depth    int
}

func (p *sedParser) fail() error { return refuse("its script %s isn't followed", p.in) }

func (p *sedParser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

func (p *sedParser) skip(set string) {
	for p.at < len(p.in) && strings.IndexByte(set, p.in[p.at]) >= 0 {
		p.at++
	}
}

// commands reads commands to the end, or to that of a block.
func (p *sedParser) commands() ([]*sedCommand, error) {
	var out []*sedCommand
	for {
		p.skip(" \t\n;")
		switch p.peek() {
		case 0:
			if p.depth > 0 {
				return nil, p.fail()
			}
			return out, nil
		case '}':
			if p.depth == 0 {
				return nil, p.fail()
			}
			p.at++
			p.depth--
			return out, nil
		case '#':
			if i := strings.IndexByte(p.in[p.at:], '\n'); i >= 0 {
				p.at += i
			} else {
				p.at = len(p.in)
			}
			continue
		}
		c, err := p.command()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

func (p *sedParser) command() (*sedCommand, error) {
	c := &sedCommand{}
	var err error
	if c.from, err = p.address(); err != nil {
		return nil, err
	}
	if p.skip(" \t"); c.from != nil && p.peek() == ',' {
		p.at++
		p.skip(" \t")
		if c.to, err = p.address(); err != nil || c.to == nil || c.to.start {
			return nil, orFail(err, p)
		}
	}
	if c.from != nil && c.from.start && (c.to == nil || c.to.re == nil) {
		return nil, p.fail()
	}
	if p.skip(" \t"); p.peek() == '!' {
		c.not = true
		p.at++
		p.skip(" \t")
	}
	c.name = p.peek()
	p.at++
	switch c.name {
	case '{':
		if p.depth++; p.depth > 8 {
			return nil, p.fail()
		}
		c.block, err = p.commands()
		return c, err
	case 's':
		return c, p.substitution(c)
	case 'd', 'p', 'q', '=':
	case 'a', 'i', 'c':
		return c, p.text(c)
	default:
		return nil, p.fail()
	}
	return c, p.end()
}

func orFail(err error, p *sedParser) error {
	if err != nil {
		return err
	}
	return p.fail()
}

// end wants a command to end.
func (p *sedParser) end() error {
	p.skip(" \t")
	if b := p.peek(); b == 0 || b == ';' || b == '\n' || b == '}' {
		return nil
	}
	return p.fail()
}

func (p *sedParser) address() (*sedAddress, error) {
	switch b := p.peek(); {
	case b >= '1' && b <= '9':
		end := p.at
		for end < len(p.in) && p.in[end] >= '0' && p.in[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(p.in[p.at:end])
		p.at = end
		if err != nil || p.peek() == '~' {
			return nil, p.fail()
		}
		return &sedAddress{line: n}, nil
	case b == '$':
		p.at++
		return &sedAddress{last: true}, nil
	case b == '/' || b == '\\':
		if p.at++; b == '\\' {
			b = p.peek()
			p.at++
		}
		text, ok := p.until(b, true)
		if !ok || text == "" {
			return nil, p.fail()
		}
		fold := p.peek() == 'I'
		if fold {
			p.at++
		}
		re, err := expression(text, p.extended, fold)
		return &sedAddress{re: re}, err
	case b == '0':
		p.at++
		return &sedAddress{start: true}, nil
	case b == '+':
		return nil, p.fail()
	}
	return nil, nil //nolint:nilnil // no address is none
}

// until reads to a delimiter that has no backslash before it.
func (p *sedParser) until(delimiter byte, isExpression bool) (string, bool) {
	var b strings.Builder
	inBracket := false
	for p.at < len(p.in) {
		ch := p.in[p.at]
		p.at++
		switch {
		case ch == '\\' && p.at < len(p.in) && !inBracket:
			if p.in[p.at] != delimiter {
				b.WriteByte('\\')
			}
			b.WriteByte(p.in[p.at])
			p.at++
			continue
		case ch == delimiter && !inBracket:
			return b.String(), true
		case ch == '\n' && isExpression:
			return "", false
		case ch == '[' && isExpression && !inBracket:
			inBracket = true
			b.WriteByte(ch)
			for _, lead := range []string{"^]", "]", "^"} {
				if strings.HasPrefix(p.in[p.at:], lead) {
					b.WriteString(lead)
					p.at += len(lead)
					break
				}
			}
			continue
		case inBracket && ch == '[' && p.peek() == ':':
			end := strings.Index(p.in[p.at:], ":]")
			if end < 0 {
				return "", false
			}
			b.WriteString("[" + p.in[p.at:p.at+end+2])
			p.at += end + 2
			continue
		case ch == ']' && inBracket:
			inBracket = false
		}
		b.WriteByte(ch)
	}
	return "", false
}

func (p *sedParser) substitution(c *sedCommand) error {
	delimiter := p.peek()
	if delimiter == 0 || delimiter == '\n' || delimiter == '\\' {
		return p.fail()
	}
	p.at++
	text, ok := p.until(delimiter, true)
	if !ok || text == "" {
		return p.fail()
	}
	if c.with, ok = p.until(delimiter, false); !ok || hasCase(c.with) {
		return p.fail()
	}
	fold := false
	for {
		switch b := p.peek(); {
		case b == 'g':
			c.all = true
		case b == 'p':
			c.print = true
		case b == 'I' || b == 'i':
			fold = true
		case b >= '1' && b <= '9' && c.nth == 0:
			c.nth = int(b - '0')
		default:
			re, err := expression(text, p.extended, fold)
			if err != nil {
				return err
			}
			c.re = re
			if highestGroup(c.with) > re.NumSubexp() {
				return p.fail()
			}
			return p.end()
		}
		p.at++
	}
}

// hasCase reports whether a replacement changes letters to capitals or back.
func hasCase(with string) bool { return regexp.MustCompile(`\\[ULEulxdoc]`).MatchString(with) }

func highestGroup(with string) int {
	highest := 0
	for i := 0; i+1 < len(with); i++ {
		if with[i] == '\\' {
			if i++; with[i] >= '0' && with[i] <= '9' {
				highest = max(highest, int(with[i]-'0'))
			}
		}
	}
	return highest
}

// text reads the line that a, i and c have after them.
func (p *sedParser) text(c *sedCommand) error {
	p.skip(" \t")
	if strings.HasPrefix(p.in[min(p.at, len(p.in)):], "\\\n") {
		p.at += 2
	} else if p.peek() == '\\' {
		p.at++
	}
	rest := p.in[min(p.at, len(p.in)):]
	line, _, _ := strings.Cut(rest, "\n")
	if rest == "" && c.name == 'a' {
		c.name = '+' // an empty text only ends the last line
		return nil
	}
	if line == "" || strings.Contains(line, `\`) || c.to != nil && c.name == 'c' {
		return p.fail()
	}
	c.with = line
	p.at += len(line)
	return nil
}
