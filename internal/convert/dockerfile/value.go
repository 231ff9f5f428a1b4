// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"strings"

	"github.com/strata-build/strata/llb/spec"
)

// value is a text with the variables in it that are known only when an image is built.
type value []part

// part is a text, or a variable if it has a name.
type part struct {
	text string
	name string
	from origin
	// op is an operator such as ":-", and word what comes behind it.
	op   string
	word value
	// was is what a variable of ENV held, which stands for it where no such variable is
	// seen.
	was value
}

// origin says where a variable comes from.
type origin int

const (
	// argument is a build argument.
	argument origin = iota
	// below is one of the base's environment, which may not be there.
	below
	// env is one that an ENV of the stage, or of one below, has set.
	env
)

// literal is a text without variables.
func literal(text string) value {
	if text == "" {
		return nil
	}
	return value{{text: text}}
}

// flat is a value without the names that ENV gave, in which no two texts stand side by side.
func (v value) flat() value {
	var out value
	for _, p := range v {
		all := value{p}
		switch {
		case p.name != "" && p.from == env:
			all = p.was.flat()
		case p.name != "":
			all[0].word = p.word.flat()
		}
		for _, one := range all {
			if n := len(out); one.name == "" && n > 0 && out[n-1].name == "" {
				out[n-1].text += one.text
				continue
			}
			out = append(out, one)
		}
	}
	return out
}

// static is the text of a value that has no variables.
func (v value) static() (string, bool) {
	f := v.flat()
	switch {
	case len(f) == 0:
		return "", true
	case len(f) == 1 && f[0].name == "":
		return f[0].text, true
	}
	return "", false
}

// dynamic reports whether the value depends on an argument or on the base.
func (v value) dynamic() bool {
	_, ok := v.static()
	return !ok
}

// isOnly reports whether the value is nothing but the argument of that name.
func (v value) isOnly(name string) bool {
	f := v.flat()
	return len(f) == 1 && f[0].name == name && f[0].from == argument && f[0].op == ""
}

// text is the value as the build file has it, where only arguments and the base's
// variables are seen.
func (v value) text() string { return v.flat().write(nil) }

// write writes the value; seen reports whether a variable of ENV can be referred to
// with that value.
func (v value) write(seen func(name string, was value) bool) string {
	var b strings.Builder
	for i, p := range v {
		switch {
		case p.name == "":
			b.WriteString(escape(p.text))
		case p.from == env && (seen == nil || !seen(p.name, p.was)):
			b.WriteString(p.was.write(seen))
		case p.op != "":
			b.WriteString("${" + p.name + p.op + p.word.write(seen) + "}")
		case p.from == below && p.name != "PATH": // which is always there
			b.WriteString("${" + p.name + "-}")
		case i+1 < len(v) && continues(v[i+1]):
			b.WriteString("${" + p.name + "}")
		default:
			b.WriteString("$" + p.name)
		}
	}
	return b.String()
}

// continues reports whether a text would be read as part of a name before it.
func continues(next part) bool {
	if next.name != "" || next.text == "" {
		return false
	}
	b := next.text[0]
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// has reports whether a text of the value contains a string.
func (v value) has(what string) bool {
	for _, p := range v {
		if strings.Contains(p.text, what) || p.word.has(what) || p.from == env && p.was.has(what) {
			return true
		}
	}
	return false
}

// escape doubles the dollars that would begin a name.
func escape(text string) string {
	if spec.Literal(text) {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(text[i])
		if text[i] == '$' && !spec.Literal(text[i:min(len(text), i+2)]) {
			b.WriteByte('$')
		}
	}
	return b.String()
}
