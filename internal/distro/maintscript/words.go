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
		if _, own := r.vars["IFS"]; r.splits(w) && (own || isGlob(v.text)) {
			v = value{} // it is divided otherwise, or stands for names of files
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
			r.substituted = True
			return sequence(r.fields(call.Args[1:]))
		}
	}
	tested := r.tested
	r.substituted = r.apart(func() (Truth, flow) {
		// Here set -e counts in dash whatever is around, and not in bash.
		if r.tested = 0; r.bash {
			r.errexit = False
		}
		return r.stmts(sub.Stmts)
	})
	r.tested = tested
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
		if !quoted && (isGlob(p.Value) || strings.HasPrefix(p.Value, "~") || r.bash && strings.Contains(p.Value, "{")) {
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
		r.walkWords(p)
		return value{}
	}
	r.fail(part, "it has a word that isn't followed")
	return value{}
}

// parameter expands $name and ${name:-word}.
func (r *reader) parameter(p *syntax.ParamExp) value {
	if p.Exp != nil && p.Exp.Word != nil {
		return r.operation(p)
	}
	if p.Excl || p.Length || p.Slice != nil || p.Repl != nil || p.Index != nil || p.Exp != nil {
		r.walkWords(p)
		return value{}
	}
	return r.needed(p)
}

// operation expands what has another word in it, which may run a command.
func (r *reader) operation(p *syntax.ParamExp) value {
	v := r.variable(p)
	fallback := r.word(p.Exp.Word)
	missing := Unknown
	switch p.Exp.Op {
	case syntax.DefaultUnset, syntax.AssignUnset, syntax.ErrorUnset, syntax.AlternateUnset:
		if v.known {
			missing = truth(v.unset)
		}
	case syntax.DefaultUnsetOrNull, syntax.AssignUnsetOrNull, syntax.ErrorUnsetOrNull, syntax.AlternateUnsetOrNull:
		if v.known {
			missing = truth(v.text == "")
		}
	default:
		r.needed(p)
		return value{}
	}
	switch p.Exp.Op {
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		if missing != False {
			r.vars[p.Param.Value] = value{}
			return value{}
		}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		if missing != False {
			r.mayFail(p)
		}
		return v
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		v, fallback = fallback, value{known: true}
	}
	switch missing {
	case True:
		return fallback
	case False:
		return v
	}
	return value{}
}

// walkWords reads the words in something that isn't followed, which may run commands
// and set variables.
func (r *reader) walkWords(part syntax.Node) {
	syntax.Walk(part, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			r.output(n)
			return false
		case *syntax.ParamExp:
			if n != part {
				r.parameter(n)
				return false
			}
		case *syntax.ArithmExp, *syntax.ArithmCmd:
		case *syntax.UnaryArithm:
			if n.Op == syntax.Inc || n.Op == syntax.Dec {
				r.fail(n, "it counts in a way that isn't followed")
			}
		case *syntax.BinaryArithm:
			if n.Op == syntax.Quo || n.Op == syntax.Rem {
				r.mayFail(n)
			}
			if strings.HasSuffix(n.Op.String(), "=") && n.Op != syntax.Eql && n.Op != syntax.Neq && n.Op != syntax.Leq && n.Op != syntax.Geq {
				r.fail(n, "it counts in a way that isn't followed")
			}
		}
		return true
	})
}

// argument is one of the script's or function's.
func (r *reader) argument(name string) value {
	n, err := strconv.Atoi(name)
	switch {
	case err != nil, n == 0, r.lost:
		return value{}
	case n <= len(r.args):
		return r.args[n-1]
	}
	return value{known: true, unset: true}
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
