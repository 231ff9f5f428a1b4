// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"regexp"
	"strings"
)

// expression is a regular expression of POSIX, basic or extended, as grep and sed of
// GNU have it. What the library can't do is refused.
func expression(text string, extended, fold bool) (*regexp.Regexp, error) {
	t := &translation{in: text, extended: extended}
	if fold {
		t.out.WriteString("(?i)")
	}
	for t.at < len(text) {
		if err := t.next(); err != nil {
			return nil, err
		}
	}
	re, err := regexp.Compile(t.out.String())
	if err != nil {
		return nil, refuse("its expression %s isn't followed", text)
	}
	re.Longest()
	return re, nil
}

type translation struct {
	in       string
	at       int
	extended bool
	out      strings.Builder
	// start says that an expression, or a part of it, begins here.
	started bool
}

func (t *translation) next() error {
	b := t.in[t.at]
	t.at++
	begins := !t.started
	t.started = true
	switch {
	case b == '\\':
		return t.escaped()
	case b == '[':
		return t.bracket()
	case b == '*' && begins:
		if t.extended {
			return refuse("its expression %s isn't followed", t.in)
		}
		t.out.WriteString("\\*")
	case b == '^':
		t.caret(begins)
	case b == '$':
		t.dollar()
	case b == '*' || b == '.':
		t.out.WriteByte(b)
	case strings.IndexByte("+?|(){}", b) >= 0:
		if t.extended {
			t.operator(b)
		} else {
			t.out.WriteString("\\" + string(b))
		}
	default:
		t.out.WriteString(regexp.QuoteMeta(string(b)))
	}
	return nil
}

// operator writes an operator, after which a part may begin.
func (t *translation) operator(b byte) {
	t.out.WriteByte(b)
	if b == '(' || b == '|' {
		t.started = false
	}
}

func (t *translation) caret(begins bool) {
	if begins || t.extended {
		t.out.WriteByte('^')
		t.started = false
		return
	}
	t.out.WriteString("\\^")
}

func (t *translation) dollar() {
	rest := t.in[t.at:]
	if rest == "" || t.extended || strings.HasPrefix(rest, "\\)") || strings.HasPrefix(rest, "\\|") {
		t.out.WriteByte('$')
		return
	}
	t.out.WriteString("\\$")
}

func (t *translation) escaped() error {
	if t.at == len(t.in) {
		return refuse("its expression %s ends in a backslash", t.in)
	}
	b := t.in[t.at]
	t.at++
	switch {
	case strings.IndexByte("+?|(){}", b) >= 0:
		if t.extended {
			t.out.WriteString("\\" + string(b))
		} else {
			t.operator(b)
		}
	case strings.IndexByte("wWsSbB", b) >= 0:
		t.out.WriteString("\\" + string(b))
	case b == '<' || b == '>':
		t.out.WriteString("\\b")
	case b == 'n':
		t.out.WriteString("\\n")
	case b == 't':
		t.out.WriteString("\\t")
	case b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '`' || b == '\'':
		return refuse("its expression %s isn't followed", t.in)
	default:
		t.out.WriteString(regexp.QuoteMeta(string(b)))
	}
	return nil
}

// bracket copies [a-z], in which a backslash is nothing special.
func (t *translation) bracket() error {
	t.out.WriteByte('[')
	if strings.HasPrefix(t.in[t.at:], "^") {
		t.out.WriteByte('^')
		t.at++
	}
	for first := true; t.at < len(t.in); first = false {
		rest := t.in[t.at:]
		switch {
		case rest[0] == ']' && !first:
			t.out.WriteByte(']')
			t.at++
			return nil
		case strings.HasPrefix(rest, "[:"):
			end := strings.Index(rest, ":]")
			if end < 0 {
				return refuse("its expression %s isn't followed", t.in)
			}
			t.out.WriteString(rest[:end+2])
			t.at += end + 2
			continue
		case strings.HasPrefix(rest, "[.") || strings.HasPrefix(rest, "[="):
			return refuse("its expression %s isn't followed", t.in)
		case strings.HasPrefix(rest, "\\n") || strings.HasPrefix(rest, "\\t"):
			t.out.WriteString(rest[:2]) // as GNU's sed has it
			t.at += 2
			continue
		case strings.IndexByte("[]\\^&~", rest[0]) >= 0:
			t.out.WriteByte('\\')
		}
		t.out.WriteByte(rest[0])
		t.at++
	}
	return refuse("its expression %s isn't followed", t.in)
}
