// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/strata-build/strata/internal/spell"
)

// maxExpanded is how long a text may become: defaults that use each other can
// double it with every line.
const maxExpanded = MaxSize

// maxNested is how deeply ${A:-${B:-…}} may be nested.
const maxNested = 50

// Literal reports whether expansion leaves a text as it is.
func Literal(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '$' && (text[i+1] == '$' || text[i+1] == '{' || scanName(text[i+1:]) > 0) {
			return false
		}
	}
	return true
}

// Expand gives the text that a string stands for: the choice for the platform,
// with $NAME, ${NAME}, ${NAME:-x}, ${NAME-x}, ${NAME:+x}, ${NAME+x},
// ${NAME:?message} and ${NAME?message} replaced, and $$ as a dollar. A dollar
// before anything else stands for itself. An error is of type [*Error].
func (v Vars) Expand(s String) (string, error) {
	choice, ok := s.choose(v.platform)
	if !ok {
		return "", v.file().Errorf(s.Pos, "there is no value for the platform %s", v.platform)
	}
	return v.expandText(choice.Value, choice.Pos)
}

// ExpandAll expands the strings of a list.
func (v Vars) ExpandAll(list []String) ([]string, error) {
	if list == nil {
		return nil, nil
	}
	all := make([]string, len(list))
	for i, s := range list {
		text, err := v.Expand(s)
		if err != nil {
			return nil, err
		}
		all[i] = text
	}
	return all, nil
}

// ExpandArgv expands a command. It is [Vars.ExpandAll] where "out" is known if
// it is not empty: $out stands for that directory.
func (v Vars) ExpandArgv(argv []String, out string) ([]string, error) {
	if out != "" {
		v = v.With(map[string]string{"out": out})
	}
	return v.ExpandAll(argv)
}

// Choose gives the text of the choice for the platform as it was written, for
// strings that are never expanded.
func (v Vars) Choose(s String) (string, error) {
	choice, ok := s.choose(v.platform)
	if !ok {
		return "", v.file().Errorf(s.Pos, "there is no value for the platform %s", v.platform)
	}
	return choice.Value, nil
}

func (v Vars) expandText(text string, pos Pos) (string, error) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	e := expander{vars: v, text: text, pos: pos}
	if err := e.word(0, false); err != nil {
		return "", err
	}
	return e.out.String(), nil
}

// expander walks through one text.
type expander struct {
	vars Vars
	text string
	pos  Pos
	next int
	out  strings.Builder
	// muted drops what is written: the word of a ${NAME:-word} that is not
	// taken has to be read all the same.
	muted bool
}

// word expands up to the end, or up to the brace that closes it.
func (e *expander) word(depth int, braced bool) error {
	if depth > maxNested {
		return e.fault(e.next, "${…} is nested too deeply")
	}
	stops := "$"
	if braced {
		stops = "$}"
	}
	for e.next < len(e.text) {
		rest := e.text[e.next:]
		switch {
		case braced && rest[0] == '}':
			return nil
		case rest[0] != '$':
			stop := strings.IndexAny(rest, stops)
			if stop < 0 {
				stop = len(rest)
			}
			e.write(rest[:stop])
			e.next += stop
		case strings.HasPrefix(rest, "$$"):
			e.write("$")
			e.next += 2
		case strings.HasPrefix(rest, "${"):
			if err := e.braces(depth); err != nil {
				return err
			}
		default:
			if err := e.plain(); err != nil {
				return err
			}
		}
		if e.out.Len() > maxExpanded {
			return e.fault(0, "the text is too long: more than %d bytes once it is expanded", maxExpanded)
		}
	}
	return nil
}

// plain expands $NAME.
func (e *expander) plain() error {
	at := e.next
	name := e.name(at + 1)
	if e.next = at + 1 + len(name); name == "" {
		e.write("$")
		return nil
	}
	value, ok := e.vars.visible(name)
	if !ok && !e.muted && !e.vars.absent[name] {
		return e.unknown(at, name)
	}
	e.write(value)
	return nil
}

// braces expands ${NAME} and the forms with an operator.
func (e *expander) braces(depth int) error {
	at := e.next
	name := e.name(at + 2)
	e.next = at + 2 + len(name)
	if name == "" {
		return e.fault(at, "${ needs a name; write $$ for a dollar")
	}
	if strings.HasPrefix(e.text[e.next:], "}") {
		e.next++
		value, ok := e.vars.visible(name)
		if !ok && !e.muted && !e.vars.absent[name] {
			return e.unknown(at, name)
		}
		e.write(value)
		return nil
	}
	operator := e.operator()
	if operator == "" {
		return e.fault(at, "want }, :-, - , :+, + , :? or ? after ${%s", name)
	}
	return e.conditional(at, name, operator, depth)
}

// operator reads what stands after the name, or returns "".
func (e *expander) operator() string {
	rest := e.text[e.next:]
	length := 1
	if strings.HasPrefix(rest, ":") {
		length = 2
	}
	if len(rest) < length || !strings.ContainsRune("-+?", rune(rest[length-1])) {
		return ""
	}
	e.next += length
	return rest[:length]
}

// conditional expands ${NAME OPERATOR word}. With a colon in the operator, an
// empty value is as good as none.
func (e *expander) conditional(at int, name, operator string, depth int) error {
	value, set := e.vars.visible(name)
	if operator[0] == ':' && value == "" {
		set = false
	}
	action := operator[len(operator)-1]
	muted := e.muted
	before := e.out.Len()
	e.muted = muted || set == (action != '+')
	err := e.word(depth+1, true)
	e.muted = muted
	switch {
	case err != nil:
		return err
	case e.next >= len(e.text):
		return e.fault(at, "${%s has no closing }", name)
	}
	e.next++
	if action == '?' && !set && !muted {
		message := e.out.String()[before:]
		if message == "" {
			message = "a value is needed"
		}
		return e.fault(at, "%s: %s", name, message)
	}
	if set && action != '+' {
		e.write(value)
	}
	return nil
}

func (e *expander) name(from int) string {
	rest := e.text[from:]
	return rest[:scanName(rest)]
}

func (e *expander) write(text string) {
	if !e.muted {
		e.out.WriteString(text)
	}
}

func (e *expander) unknown(at int, name string) *Error {
	err := e.fault(at, "there is no argument %q", name)
	err.Hint = spell.DidYouMean(name, e.vars.Names())
	if err.Hint == "" {
		err.Hint = "declare it in args, or write $$ for a dollar"
	}
	return err
}

func (e *expander) fault(at int, format string, args ...any) *Error {
	spec := e.vars.file()
	return spec.Errorf(spec.inside(e.pos, e.text, at), format, args...)
}

// inside is the place of a character in a scalar: that of the scalar itself when
// the scalar is not in the file as it is in the value.
func (s *Spec) inside(pos Pos, text string, at int) Pos {
	line := []rune(strings.TrimSuffix(lineText(s.Data, pos.Line), "\r"))
	if pos.Column < 1 || pos.Column > len(line) {
		return pos
	}
	written := string(line[pos.Column-1:])
	before := len(regexp.MustCompile(`^(?:[&!]\S*\s+)*`).FindString(written)) // an anchor, or a tag
	if regexp.MustCompile(`^\|[-+0-9]*\s*(?:#.*)?$`).MatchString(written[before:]) {
		return s.insideBlock(pos, text, at)
	}
	if strings.HasPrefix(written[before:], `"`) || strings.HasPrefix(written[before:], "'") {
		before++
	}
	if !strings.HasPrefix(written[before:], text) {
		return pos
	}
	return Pos{pos.Line, pos.Column + utf8.RuneCountInString(written[:before]+text[:at])}
}

// insideBlock is inside for a block of lines that stand as they are, below their header.
func (s *Spec) insideBlock(header Pos, text string, at int) Pos {
	start := strings.LastIndexByte(text[:at], '\n') + 1
	number := header.Line + 1 + strings.Count(text[:at], "\n")
	line, _, _ := strings.Cut(text[start:], "\n")
	indent, ok := strings.CutSuffix(strings.TrimSuffix(lineText(s.Data, number), "\r"), line)
	if !ok || strings.Trim(indent, " ") != "" {
		return header
	}
	return Pos{number, utf8.RuneCountInString(indent+text[start:at]) + 1}
}

// Mentioned lists the names that a shell script mentions as $NAME or ${NAME…},
// sorted. It errs on the side of more: comments and single quotes count.
func Mentioned(script string) []string {
	names := make(map[string]string)
	for i := range len(script) {
		if script[i] != '$' {
			continue
		}
		rest := strings.TrimLeft(strings.TrimPrefix(script[i+1:], "{"), "#!")
		if name := rest[:scanName(rest)]; name != "" {
			names[name] = ""
		}
	}
	return slices.Sorted(maps.Keys(names))
}
