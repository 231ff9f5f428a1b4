// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package maintscript

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A value is a text if it is known.
type value struct {
	text  string
	known bool
	// unset says that it is known, and of a variable that isn't set.
	unset bool
}

func known(texts []string) []value {
	var out []value
	for _, text := range texts {
		out = append(out, value{text: text, known: true})
	}
	return out
}

// assign gives a variable a value; within something that may not run it isn't
// known afterwards.
func (r *reader) assign(name string, v value) {
	if r.uncertain() || !v.known {
		v = value{}
	}
	r.vars[name] = v
}

func (r *reader) assignment(a *syntax.Assign) {
	switch {
	case a.Name == nil || a.Naked:
	case a.Array != nil || a.Index != nil || a.Append:
		if a.Value != nil {
			r.word(a.Value)
		}
		r.assign(a.Name.Value, value{})
	case a.Value == nil:
		r.assign(a.Name.Value, value{known: true})
	default:
		r.assign(a.Name.Value, r.word(a.Value))
	}
}

// declarations reads export, local and their like as bash has them.
func (r *reader) declarations(c *syntax.DeclClause) (Truth, flow) {
	if v := c.Variant.Value; v != "export" && v != "local" {
		r.fail(c, "it has a declaration that isn't followed")
	}
	for _, a := range c.Args {
		if a.Name == nil {
			r.fail(c, "it has a declaration that isn't followed")
			continue
		}
		r.isLocal(c.Variant.Value, a.Name.Value)
		r.assignment(a)
	}
	return True, onward
}

// declared reads export and local as a POSIX shell has them: as commands.
func (r *reader) declared(c *syntax.CallExpr) Truth {
	for _, w := range c.Args[1:] {
		name := variableName(w)
		if name == "" {
			r.fail(c, "it has a declaration that isn't followed")
			return Unknown
		}
		r.isLocal(c.Args[0].Lit(), name)
		if text := r.word(w); !text.known {
			r.assign(name, value{})
		} else if _, to, ok := strings.Cut(text.text, "="); ok {
			r.assign(name, value{text: to, known: !r.splits(w) || !strings.ContainsAny(to, " \t\n")})
		}
	}
	return True
}

// isLocal notes a local variable's value from before.
func (r *reader) isLocal(variant, name string) {
	if variant != "local" || r.fn == nil {
		return
	}
	if _, twice := r.fn.old[name]; !twice {
		r.fn.old[name] = r.vars[name]
		if r.uncertain() {
			r.fn.old[name] = value{}
		}
	}
}

// cutAssignment divides NAME=value; the name is empty for what has none.
func cutAssignment(s string) (name, v string) {
	name, v, _ = strings.Cut(s, "=")
	for i, c := range name {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return "", ""
		}
	}
	return name, v
}

func (r *reader) variable(p *syntax.ParamExp) value {
	if p.Param == nil {
		return value{}
	}
	name := p.Param.Value
	if name == "" {
		return value{}
	}
	if name[0] >= '0' && name[0] <= '9' {
		return r.argument(name)
	}
	v := r.vars[name]
	if name == "?" && r.last == True {
		v = value{text: "0", known: true}
	}
	return v
}

// needed is a variable's value where it must be set under set -u.
func (r *reader) needed(p *syntax.ParamExp) value {
	v := r.variable(p)
	if r.nounset && (!v.known || v.unset) && p.Param != nil && !strings.Contains("?#@*-$!0", p.Param.Value) {
		r.mayFail(p)
	}
	return v
}
