// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// When a rule of awk's counts.
const (
	awkLine = iota
	awkBegin
	awkEnd
)

// An awkRule is what is done at the beginning, at the end, or for lines that match.
type awkRule struct {
	when    int
	matches *regexp.Regexp
	steps   []awkStep
}

// An awkStep prints texts, replaces in the line, or sets a variable.
type awkStep struct {
	prints      bool
	set         string
	replace     *regexp.Regexp
	replacement string
	every       bool
	terms       [][]awkTerm
}

// An awkTerm is a part of a text: a field of the line, a variable, or itself.
type awkTerm struct {
	field          int
	variable, text string
}

// onlyBegins reports whether nothing is read.
func onlyBegins(rules []awkRule) bool {
	return !slices.ContainsFunc(rules, func(r awkRule) bool { return r.when != awkBegin })
}

// An awkRun is what awk has in hand while it runs.
type awkRun struct {
	separator, line string
	variables       map[string]string
	out             []string
}

// all does the rules that count now.
func (r *awkRun) all(rules []awkRule, now int) {
	for _, rule := range rules {
		if rule.when != now || rule.matches != nil && !rule.matches.MatchString(r.line) {
			continue
		}
		for _, s := range rule.steps {
			r.step(s)
		}
	}
}

func (r *awkRun) step(s awkStep) {
	switch {
	case s.prints:
		var words []string
		for _, t := range s.terms {
			words = append(words, r.text(t))
		}
		r.out = append(r.out, strings.Join(words, " "))
	case s.replace != nil && s.every:
		r.line = s.replace.ReplaceAllLiteralString(r.line, s.replacement)
	case s.replace != nil:
		if at := s.replace.FindStringIndex(r.line); at != nil {
			r.line = r.line[:at[0]] + s.replacement + r.line[at[1]:]
		}
	default:
		r.variables[s.set] = r.text(s.terms[0])
	}
}

// text is what terms are together.
func (r *awkRun) text(terms []awkTerm) string {
	fields := strings.Fields(r.line)
	if r.separator != "" {
		fields = strings.Split(r.line, r.separator)
	}
	var b strings.Builder
	for _, t := range terms {
		switch {
		case t.variable != "":
			b.WriteString(r.variables[t.variable])
		case t.field < 0:
			b.WriteString(t.text)
		case t.field == 0:
			b.WriteString(r.line)
		case t.field <= len(fields):
			b.WriteString(fields[t.field-1])
		}
	}
	return b.String()
}

// An awkParser reads a script of awk.
type awkParser struct{ in string }

// take takes what matches, which begins with ^ and what may stand before.
func (p *awkParser) take(re *regexp.Regexp) []string {
	m := re.FindStringSubmatch(p.in)
	if m != nil {
		p.in = p.in[len(m[0]):]
	}
	return m
}

var (
	awkPattern = regexp.MustCompile(`^\s*(BEGIN\b|END\b|/(?:[^/\\\n]|\\.)+/)?\s*\{`)
	awkSub     = regexp.MustCompile(`^\s*(g?sub)\(\s*("[^"\\\n]*"|"\\""|/(?:[^/\\\n]|\\.)+/)\s*,\s*"([^"\\&\n]*)"\s*\)`)
	awkPrint   = regexp.MustCompile(`^\s*print\b`)
	awkSet     = regexp.MustCompile(`^\s*([a-z_]+)\s*=`)
	awkOne     = regexp.MustCompile(`^[ \t]*(?:\$([0-9]{1,3})|"([^"\\\n]*)"|([a-z_]+)(?:[^a-z_0-9(A-Z]|$))`)
	awkNext    = regexp.MustCompile(`^\s*[;\n]`)
	awkClose   = regexp.MustCompile(`^\s*\}[ \t]*;?`)
	awkComma   = regexp.MustCompile(`^\s*,`)
)

// parseAwk reads rules; a script that has anything else is refused.
func parseAwk(script string) ([]awkRule, error) {
	p := &awkParser{in: script}
	var rules []awkRule
	for strings.TrimSpace(p.in) != "" {
		m := p.take(awkPattern)
		if m == nil {
			return nil, refuse("its script isn't followed")
		}
		rule := awkRule{when: map[string]int{"BEGIN": awkBegin, "END": awkEnd}[m[1]]}
		if strings.HasPrefix(m[1], "/") {
			re, err := expression(m[1][1:len(m[1])-1], true, false)
			if err != nil {
				return nil, err
			}
			rule.matches = re
		}
		for p.take(awkClose) == nil {
			s, err := p.step()
			if err != nil {
				return nil, err
			}
			rule.steps = append(rule.steps, s)
			for p.take(awkNext) != nil {
			}
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// step reads one.
func (p *awkParser) step() (awkStep, error) {
	if m := p.take(awkSub); m != nil {
		text := strings.Trim(m[2], "/")
		if m[2][0] == '"' {
			text = strings.TrimPrefix(m[2][1:len(m[2])-1], `\`)
		}
		re, err := expression(text, true, false)
		return awkStep{replace: re, replacement: m[3], every: m[1] == "gsub"}, err
	}
	if p.take(awkPrint) != nil {
		s := awkStep{prints: true}
		for {
			terms := p.terms()
			if len(terms) == 0 && len(s.terms) > 0 {
				return s, refuse("its script isn't followed")
			}
			if s.terms = append(s.terms, terms); len(terms) == 0 {
				s.terms = [][]awkTerm{{{}}} // the line
			}
			if p.take(awkComma) == nil {
				return s, p.ends()
			}
		}
	}
	if m := p.take(awkSet); m != nil {
		if terms := p.terms(); len(terms) > 0 && !slices.Contains(awkOwn(), m[1]) {
			return awkStep{set: m[1], terms: [][]awkTerm{terms}}, p.ends()
		}
	}
	return awkStep{}, refuse("its script isn't followed")
}

// ends wants a step to end.
func (p *awkParser) ends() error {
	rest := strings.TrimLeft(p.in, " \t")
	if rest == "" || strings.ContainsAny(rest[:1], ";}\n") {
		return nil
	}
	return refuse("its script isn't followed")
}

// terms are those of a text, which stand side by side.
func (p *awkParser) terms() []awkTerm {
	var out []awkTerm
	for {
		rest := p.in
		m := p.take(awkOne)
		switch {
		case m == nil || slices.Contains(awkOwn(), m[3]):
			p.in = rest
			return out
		case m[1] != "":
			n, _ := strconv.Atoi(m[1])
			out = append(out, awkTerm{field: n})
		case m[3] != "":
			p.in = rest[strings.Index(rest, m[3])+len(m[3]):]
			out = append(out, awkTerm{variable: m[3]})
		default:
			out = append(out, awkTerm{field: -1, text: m[2]})
		}
	}
}

// awkOwn are words that are no variables.
func awkOwn() []string {
	return []string{"if", "else", "while", "for", "do", "in", "next", "exit", "return", "delete", "getline", "print", "printf", "function", "func", "length", "close", "system"}
}
