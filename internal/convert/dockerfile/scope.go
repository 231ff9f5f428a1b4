// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// scope is the variables that are seen at a place of a stage, as its state has them: ARG
// and ENV set the same names, and the last one counts.
type scope struct {
	escape rune
	vars   map[string]variable
	// order is that of the names.
	order []string
	// based says that an image is below, whose environment may have other names.
	based bool
	// hidden are names that the base's environment can't be asked for, since a build file
	// means an argument by them.
	hidden func(name string) bool
}

// variable is what a name means.
type variable struct {
	value value
	// arg says that ARG has set it, so that the image doesn't have it.
	arg bool
	// inherited says that the stage below has it in its configuration.
	inherited bool
}

func newScope(escape rune) *scope { return &scope{escape: escape, vars: map[string]variable{}} }

// clone is a scope that can be changed by itself.
func (s *scope) clone() *scope {
	c := *s
	c.vars, c.order = maps.Clone(s.vars), slices.Clone(s.order)
	return &c
}

func (s *scope) set(name string, v variable) {
	if _, ok := s.vars[name]; !ok {
		s.order = append(s.order, name)
	}
	s.vars[name] = v
}

// mark begins and ends the place of a variable in what BuildKit's lexer gives.
const (
	markStart = '\ue000'
	markEnd   = '\ue001'
)

// expansion is one word while it is expanded.
type expansion struct {
	scope *scope
	lex   *shell.Lex
	word  string
	parts []part
	at    map[string]int
	// fixed are variables whose text counts in this word, since what is done with them
	// can't be said.
	fixed map[string]string
	// unset are variables that are taken for missing, and empty for empty ones.
	unset, empty string
}

// Get is the place of a variable, for BuildKit's lexer.
func (e *expansion) Get(name string) (string, bool) {
	switch name {
	case e.unset:
		return "", false
	case e.empty:
		return "", true
	}
	if text, ok := e.fixed[name]; ok {
		return text, true
	}
	i, ok := e.at[name]
	if !ok {
		p, known := e.scope.part(name)
		if !known {
			return "", false
		}
		i = len(e.parts)
		e.at[name] = i
		e.parts = append(e.parts, p)
	}
	return string(markStart) + strconv.Itoa(i) + string(markEnd), true
}

// Keys are the names that are known.
func (e *expansion) Keys() []string { return e.scope.order }

// part is how a value refers to a variable.
func (s *scope) part(name string) (part, bool) {
	v, ok := s.vars[name]
	switch {
	case ok && v.arg && v.value.isOnly(name):
		return v.value.flat()[0], true
	case ok:
		return part{name: name, from: env, was: v.value}, true
	case s.based && (s.hidden == nil || !s.hidden(name)):
		return part{name: name, from: below}, true
	}
	return part{}, false
}

// doubt is a variable whose value had to be taken as it is without arguments.
type doubt struct{ name, text string }

func (d doubt) String() string {
	return fmt.Sprintf("what is done with $%s can't be said in a build file; its value %q is written out", d.name, d.text)
}

// expand replaces a word's variables as an instruction does.
func (s *scope) expand(word string) (value, []doubt, error) {
	return s.expandBy(shell.NewLex(s.escape), word)
}

// expandContent replaces the variables of a here-document, where quotes stay.
func (s *scope) expandContent(text string) (value, []doubt, error) {
	lex := shell.NewLex('\\')
	lex.SkipProcessQuotes = true
	return s.expandBy(lex, text)
}

func (s *scope) expandBy(lex *shell.Lex, word string) (value, []doubt, error) {
	if strings.ContainsAny(word, string(markStart)+string(markEnd)) {
		return nil, nil, fmt.Errorf("expand %.40q: it has characters of a private use area, which can't be kept", word)
	}
	e := &expansion{scope: s, lex: lex, word: word, at: map[string]int{}, fixed: map[string]string{}}
	first, err := lex.ProcessWordWithMatches(word, e)
	if err != nil {
		return nil, nil, err
	}
	var doubts []doubt
	var conditional *part
	text := first.Result
	for _, name := range slices.Sorted(maps.Keys(first.Matched)) {
		p, d, err := e.settle(name)
		if err != nil {
			return nil, nil, err
		}
		if p != nil && conditional != nil { // one is as much as can be told apart
			p, d = nil, e.fix(name)
		}
		if d != nil {
			doubts = append(doubts, *d)
		}
		if p != nil {
			conditional = p
		}
	}
	if conditional != nil {
		return conditional.word, doubts, nil
	}
	if len(e.fixed) > 0 {
		if text, err = e.run(); err != nil {
			return nil, nil, err
		}
	}
	return e.value(text), doubts, nil
}

// run is the word with what is known now.
func (e *expansion) run() (string, error) {
	out, _, err := e.lex.ProcessWord(e.word, e)
	return out, err
}

// with is the word with a variable missing, or empty.
func (e *expansion) with(unset, empty string) (string, error) {
	e.unset, e.empty = unset, empty
	out, err := e.run()
	e.unset, e.empty = "", ""
	return out, err
}

// settle finds out what a word does with a variable: nothing but to name it (nil), a
// choice that the build file has, too (a part whose word is the whole value), or
// something else.
func (e *expansion) settle(name string) (*part, *doubt, error) {
	full, err := e.run()
	if err != nil {
		return nil, nil, err
	}
	i, ok := e.at[name]
	if !ok {
		return nil, nil, nil
	}
	if pattern(e.word, name) {
		doubt := e.fix(name)
		if _, ok := e.parts[i].was.static(); ok && e.parts[i].from == env {
			doubt = nil // what ENV sets is known
		}
		return nil, doubt, nil
	}
	plain := strings.ReplaceAll(full, e.mark(i), "")
	empty, emptyErr := e.with("", name)
	unset, unsetErr := e.with(name, "")
	if emptyErr == nil && unsetErr == nil && empty == plain && unset == plain {
		return nil, nil, nil
	}
	if text, ok := e.parts[i].was.static(); ok && e.parts[i].from == env {
		e.fixed[name] = text
		return nil, nil, nil
	}
	if emptyErr != nil || unsetErr != nil || e.parts[i].from == env {
		return nil, e.fix(name), nil
	}
	op, other := ":", empty
	if empty == plain {
		op, other = "", unset
	} else if empty != unset {
		return nil, e.fix(name), nil
	}
	before, mid, alt, after := apart(full, other)
	chosen := e.parts[i]
	switch {
	case mid == e.mark(i):
		chosen.op, chosen.word = op+"-", e.value(alt)
	case alt == "":
		chosen.op, chosen.word = op+"+", e.value(mid)
	default:
		return nil, e.fix(name), nil
	}
	if chosen.word.has("}") {
		return nil, e.fix(name), nil
	}
	whole := slices.Concat(e.value(before), value{chosen}, e.value(after))
	return &part{word: whole}, nil, nil
}

// fix takes a variable's text as it is without arguments.
func (e *expansion) fix(name string) *doubt {
	text := ""
	if i, ok := e.at[name]; ok {
		text, _ = e.parts[i].fallback()
	}
	e.fixed[name] = text
	return &doubt{name, text}
}

// fallback is what a variable holds when no argument is given, as far as that is known.
func (p part) fallback() (string, bool) {
	if p.from == env {
		return p.was.fallback()
	}
	if strings.HasSuffix(p.op, "-") {
		return p.word.fallback()
	}
	return p.was.fallback()
}

func (v value) fallback() (string, bool) {
	var b strings.Builder
	all := true
	for _, p := range v {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		text, ok := p.fallback()
		all = all && ok
		b.WriteString(text)
	}
	return b.String(), all
}

// pattern reports whether a word cuts a variable's value, or replaces in it.
func pattern(word, name string) bool {
	return regexp.MustCompile(`\$\{` + regexp.QuoteMeta(name) + `[#%/]`).MatchString(word)
}

func (e *expansion) mark(i int) string {
	return string(markStart) + strconv.Itoa(i) + string(markEnd)
}

// value is a text with the places of variables in it.
func (e *expansion) value(text string) value {
	var out value
	for text != "" {
		before, rest, ok := strings.Cut(text, string(markStart))
		out = append(out, literal(before)...)
		if !ok {
			break
		}
		index, after, _ := strings.Cut(rest, string(markEnd))
		if i, err := strconv.Atoi(index); err == nil && i < len(e.parts) {
			out = append(out, e.parts[i])
		}
		text = after
	}
	return out
}

// apart takes off what two texts have in common at their beginnings and ends, without
// cutting the place of a variable.
func apart(a, b string) (before, midA, midB, after string) {
	x, y := tokens(a), tokens(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	m := 0
	for m < len(x)-n && m < len(y)-n && x[len(x)-1-m] == y[len(y)-1-m] {
		m++
	}
	return strings.Join(x[:n], ""), strings.Join(x[n:len(x)-m], ""), strings.Join(y[n:len(y)-m], ""), strings.Join(x[len(x)-m:], "")
}

// tokens are a text's characters and places of variables.
func tokens(text string) []string {
	var out []string
	for text != "" {
		n := strings.IndexRune(text, markEnd)
		if strings.HasPrefix(text, string(markStart)) && n > 0 {
			n += len(string(markEnd))
		} else {
			_, n = utf8.DecodeRuneInString(text)
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}
