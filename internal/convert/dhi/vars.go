// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/draft"
)

// Where a build finds its sources, and where it leaves what it makes.
const (
	sourceDir = "/src"
	targetDir = "/out"
)

// vars are the variables of a definition, and which of them are used: those become
// arguments.
type vars struct {
	all []*variable
	// byName are those of the definition by their names.
	byName map[string]*variable
	made   int
	// image is the image's environment, which builds can mention.
	image []draft.Pair
}

type variable struct {
	name  string
	value string
	// platforms are its values by architecture, if it has some.
	platforms []draft.Pair
	used      bool
}

var (
	choice = regexp.MustCompile(`#\{\s*\(?target\.arch == \\?"(amd64|arm64)\\?" \? \\?"([^"\\]*)\\?" : \\?"([^"\\]*)\\?"\)?(?: \+ \\?"([^"\\]*)\\?")?\s*\}`)
	// sums is a choice between texts and variables that are put together.
	sums    = regexp.MustCompile(`#\{\s*target\.arch == \\?"(amd64|arm64)\\?" \? (` + operands + `) : (` + operands + `)\s*\}`)
	extract = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*):(.+)\}$`)
	mention = regexp.MustCompile(`\$(\$|\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)?`)
	name    = regexp.MustCompile(`^\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

// operands are texts and variables with a + between them.
const operands = operand + `(?: \+ ` + operand + `)*`

const operand = `(?:\\?"[^"\\]*\\?"|definition\.vars\.[A-Za-z_][A-Za-z0-9_]*)`

func newVars(m *definition.Map) *vars {
	v := &vars{byName: map[string]*variable{}}
	for _, p := range m.AsPairs() {
		one := &variable{name: p.Name, value: p.Value}
		if c := choice.FindStringSubmatch(p.Value); c != nil && c[0] == p.Value {
			one.platforms = byArch(c)
		} else if e := extract.FindStringSubmatch(p.Value); e != nil {
			one.value = v.extracted(e[1], e[2], p.Value)
		}
		v.all, v.byName[one.name] = append(v.all, one), one
	}
	for _, one := range v.all { // once all are known
		if platforms := v.summed(one.value); platforms != nil && sums.FindString(one.value) == one.value {
			one.platforms = platforms
		}
	}
	return v
}

// byArch are the two values of a choice.
func byArch(c []string) []draft.Pair {
	amd, arm := c[2]+c[4], c[3]+c[4]
	if c[1] == "arm64" {
		amd, arm = arm, amd
	}
	return []draft.Pair{{Name: "amd64", Value: amd}, {Name: "arm64", Value: arm}}
}

// extracted is what a pattern finds in an earlier variable.
func (v *vars) extracted(from, pattern, otherwise string) string {
	one := v.find(from)
	re, err := regexp.Compile(pattern)
	if one == nil || err != nil {
		return otherwise
	}
	if m := re.FindStringSubmatch(one.value); len(m) > 1 {
		return m[1]
	}
	return otherwise
}

func (v *vars) find(name string) *variable { return v.byName[name] }

// args are the arguments of the build file: those variables that something uses.
func (v *vars) args() []draft.Arg {
	for _, one := range v.all {
		if one.used && one.platforms == nil {
			one.value = v.text(one.value) // what it uses is used
		}
	}
	var out []draft.Arg
	for _, one := range v.all {
		if one.used {
			out = append(out, draft.Arg{Name: one.name, Default: one.value, Platforms: one.platforms})
		}
	}
	return out
}

// idle are the names of those that nothing uses.
func (v *vars) idle() []string {
	var names []string
	for _, one := range v.all {
		if !one.used {
			names = append(names, one.name)
		}
	}
	return names
}

// choices gives each choice by architecture a variable.
func (v *vars) choices(s string) string {
	s = sums.ReplaceAllStringFunc(s, func(text string) string {
		if platforms := v.summed(text); platforms != nil {
			return v.choice(platforms)
		}
		return text
	})
	return choice.ReplaceAllStringFunc(s, func(text string) string { return v.choice(byArch(choice.FindStringSubmatch(text))) })
}

// summed are the values of a choice between sums; nil where one isn't known.
func (v *vars) summed(text string) []draft.Pair {
	c := sums.FindStringSubmatch(text)
	if c == nil {
		return nil
	}
	x, ok := v.sum(c[2])
	y, both := v.sum(c[3])
	if !ok || !both {
		return nil
	}
	return byArch([]string{"", c[1], x, y, ""})
}

// sum is what operands amount to; not ok where one has no value of its own.
func (v *vars) sum(s string) (string, bool) {
	out := ""
	for term := range strings.SplitSeq(s, " + ") {
		name, isName := strings.CutPrefix(term, "definition.vars.")
		if !isName {
			out += strings.Trim(term, `\"`)
			continue
		}
		one := v.find(name)
		if one == nil || one.platforms != nil || strings.ContainsAny(one.value, "$#") {
			return "", false
		}
		out += one.value
	}
	return out, true
}

// choice is a variable with these values.
func (v *vars) choice(platforms []draft.Pair) string {
	for _, one := range v.all {
		if len(one.platforms) == 2 && one.platforms[0].Value == platforms[0].Value && one.platforms[1].Value == platforms[1].Value {
			return "${" + one.name + "}"
		}
	}
	v.made++
	made := fmt.Sprintf("BY_ARCH_%d", v.made)
	v.byName[made] = &variable{name: made, platforms: platforms}
	v.all = append(v.all, v.byName[made])
	return "${" + made + "}"
}

var dirs = strings.NewReplacer("${source.dir}", sourceDir, "${target.dir}", targetDir, "${target.arch}", "${TARGETARCH}",
	"#{target.arch}", "${TARGETARCH}", "#{ target.arch }", "${TARGETARCH}")

// replace goes through the variables that a text mentions. What isn't one of the
// definition's is given to other.
func (v *vars) replace(s string, other func(string) string) string {
	s = v.choices(dirs.Replace(s))
	return mention.ReplaceAllStringFunc(s, func(m string) string {
		n := name.FindStringSubmatch(strings.TrimPrefix(m, "$"))
		if n == nil {
			return other(m)
		}
		if n[1] == "TARGETARCH" {
			return m
		}
		if one := v.find(n[1]); one != nil && m == "${"+n[1]+"}" {
			one.used = true
			return m
		}
		return other(m)
	})
}

// text is a text in which a build file expands arguments: another dollar is one.
func (v *vars) text(s string) string {
	if !strings.ContainsAny(s, "$#") {
		return s
	}
	return v.replace(s, func(m string) string { return "$" + m })
}

func (v *vars) texts(all []string) []string {
	var out []string
	for _, s := range all {
		out = append(out, v.text(s))
	}
	return out
}

// variable is the value of an environment variable, which may mention others: PATH, which
// is always there, and those that are known above it. Any other one may not be there.
func (v *vars) variable(s string, known func(name string) bool) string {
	return v.replace(s, func(m string) string {
		n := name.FindStringSubmatch(strings.TrimPrefix(m, "$"))
		if n == nil || n[1] == "PATH" || known(n[1]) || m != "$"+n[1] && m != "${"+n[1]+"}" {
			return m
		}
		return "${" + n[1] + "-}"
	})
}

// step is variable for a step of a build: those of the image's environment have their
// values, and any other one may not be there.
func (v *vars) step(s string) string {
	return v.replace(s, func(m string) string {
		n := name.FindStringSubmatch(strings.TrimPrefix(m, "$"))
		for _, p := range v.image {
			if n != nil && p.Name == n[1] && !strings.Contains(p.Value, "$") && p.Name != "PATH" {
				return p.Value
			}
		}
		if n != nil && n[1] != "PATH" && (m == "$"+n[1] || m == "${"+n[1]+"}") {
			return "${" + n[1] + "-}" // which the step's image may not have
		}
		return m
	})
}

// script is a script: the shell expands what it mentions.
func (v *vars) script(s string) string { return v.replace(s, same) }

func same(s string) string { return s }

// fixed is a text in which a build file expands nothing. It reports whether that can be
// said: values by platform can't.
func (v *vars) fixed(s string) (string, bool) {
	ok := true
	s = v.choices(dirs.Replace(s))
	out := mention.ReplaceAllStringFunc(s, func(m string) string {
		one := v.find(strings.TrimSuffix(strings.TrimPrefix(m, "${"), "}"))
		switch {
		case one == nil || !strings.HasPrefix(m, "${"):
			return m
		case one.platforms != nil:
			ok = false
			return m
		}
		return one.value
	})
	return out, ok
}

// content is the content of a file, and whether arguments are expanded in it.
func (v *vars) content(s string) (string, bool) {
	if text, ok := v.fixed(s); ok {
		return text, false
	}
	return v.text(s), true
}

// byPlatform is an argument with these values.
func (v *vars) byPlatform(values []draft.Pair) string {
	v.made++
	made := &variable{name: fmt.Sprintf("BY_ARCH_%d", v.made), platforms: values, used: true}
	v.all, v.byName[made.name] = append(v.all, made), made
	return "$" + made.name
}
