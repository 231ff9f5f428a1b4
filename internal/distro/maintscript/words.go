// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// fields expands words to arguments. One that isn't known may stand for several.
func (r *reader) fields(words []*syntax.Word) []value {
	var out []value
	for _, w := range words {
		if isAllArguments(w) {
			if r.lost {
				out = append(out, value{})
				continue
			}
			out = append(out, r.args...)
			continue
		}
		v := r.word(w)
		if v.known && v.text == "" && len(w.Parts) == 1 {
			if _, bare := w.Parts[0].(*syntax.ParamExp); bare {
				continue // an empty variable without quotes isn't an argument
			}
		}
		if v.known && r.splits(w) && strings.ContainsAny(v.text, " \t\n") {
			out = append(out, known(strings.Fields(v.text))...)
			continue
		}
		out = append(out, v)
	}
	return out
}

// isAllArguments reports whether a word is "$@" and nothing else.
func isAllArguments(w *syntax.Word) bool {
	if len(w.Parts) != 1 {
		return false
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	return ok && p.Param != nil && p.Param.Value == "@" && p.Exp == nil
}

// splits reports whether a word has a variable without quotes.
func (r *reader) splits(w *syntax.Word) bool {
	for _, part := range w.Parts {
		switch part.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst:
			return true
		}
	}
	return false
}

// output is what a command in a word prints, of which only numbers are known.
func (r *reader) output(sub *syntax.CmdSubst) value {
	if len(sub.Stmts) == 1 && len(sub.Stmts[0].Redirs) == 0 {
		if call, ok := sub.Stmts[0].Cmd.(*syntax.CallExpr); ok && len(call.Assigns) == 0 && len(call.Args) > 0 && call.Args[0].Lit() == "seq" {
			return sequence(r.fields(call.Args[1:]))
		}
	}
	r.apart(func() { r.stmts(sub.Stmts) })
	return value{}
}

// sequence is what seq(1) prints.
func sequence(args []value) value {
	numbers := []int{}
	for _, a := range args {
		n, err := strconv.Atoi(a.text)
		if err != nil || !a.known || n < -1000 || n > 1000 {
			return value{}
		}
		numbers = append(numbers, n)
	}
	first, step, last := 1, 1, 0
	switch len(numbers) {
	case 1:
		last = numbers[0]
	case 2:
		first, last = numbers[0], numbers[1]
	case 3:
		first, step, last = numbers[0], numbers[1], numbers[2]
	default:
		return value{}
	}
	if step == 0 {
		return value{}
	}
	var out []string
	for n := first; step > 0 && n <= last || step < 0 && n >= last; n += step {
		out = append(out, strconv.Itoa(n))
	}
	return value{text: strings.Join(out, "\n"), known: true}
}

// word expands a word to one text.
func (r *reader) word(w *syntax.Word) value {
	out := value{known: true}
	for _, part := range w.Parts {
		out = out.with(r.part(part, false))
	}
	return out
}

func (v value) with(other value) value {
	if !v.known || !other.known {
		return value{}
	}
	return value{text: v.text + other.text, known: true}
}

func (r *reader) part(part syntax.WordPart, quoted bool) value {
	switch p := part.(type) {
	case *syntax.Lit:
		if !quoted && isGlob(p.Value) {
			return value{}
		}
		return value{text: unescape(p.Value, quoted), known: true}
	case *syntax.SglQuoted:
		return value{text: p.Value, known: !p.Dollar}
	case *syntax.DblQuoted:
		out := value{known: true}
		for _, inner := range p.Parts {
			out = out.with(r.part(inner, true))
		}
		return out
	case *syntax.ParamExp:
		return r.parameter(p)
	case *syntax.CmdSubst:
		return r.output(p)
	case *syntax.ArithmExp:
		return value{}
	}
	r.fail(part, "it has a word that isn't followed")
	return value{}
}

// parameter expands $name and ${name:-word}.
func (r *reader) parameter(p *syntax.ParamExp) value {
	if p.Exp != nil && p.Exp.Word != nil {
		// It may run a command.
		fallback := r.word(p.Exp.Word)
		v := r.variable(p)
		switch p.Exp.Op {
		case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
			if v.known && v.text == "" {
				return fallback
			}
			return v
		}
		return value{}
	}
	if p.Excl || p.Length || p.Slice != nil || p.Repl != nil || p.Index != nil || p.Exp != nil {
		return value{}
	}
	return r.variable(p)
}

func (r *reader) variable(p *syntax.ParamExp) value {
	if p.Param == nil {
		return value{}
	}
	name := p.Param.Value
	if n, err := strconv.Atoi(name); err == nil {
		switch {
		case n == 0, r.lost:
			return value{}
		case n <= len(r.args):
			return r.args[n-1]
		}
		return value{known: true}
	}
	return r.vars[name]
}

// pattern is a word as a pattern of a case.
func (r *reader) pattern(w *syntax.Word) (string, bool) {
	var b strings.Builder
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			b.WriteString(lit.Value)
			continue
		}
		v := r.part(part, true)
		if !v.known {
			return "", false
		}
		for _, c := range v.text {
			if strings.ContainsRune(`*?[]\`, c) {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
		}
	}
	return b.String(), true
}

// unescape undoes backslashes.
func unescape(s string, quoted bool) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!quoted || strings.ContainsRune("$`\"\\\n", rune(s[i+1]))) {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isGlob reports whether a word without quotes stands for the files it matches.
func isGlob(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		case '[':
			if strings.Contains(s[i:], "]") {
				return true
			}
		}
	}
	return false
}

func containsSlash(s string) bool { return strings.Contains(s, "/") }
