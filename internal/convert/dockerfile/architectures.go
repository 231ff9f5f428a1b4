// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/convert/draft"
)

// byArchitecture are variables of a script that have a value for each architecture.
type byArchitecture struct {
	// names are those of the script, in their order.
	names []string
	// values are by variable and platform.
	values map[string][]draft.Pair
	// asked is the variable that has the architecture's own name, and how that is spelled.
	asked, spelling string
}

// platformOf is an architecture as maps by platform have it; empty for one that isn't
// known.
func platformOf(spelling, name string) string {
	const same = " amd64 arm64 s390x ppc64le riscv64 mips64le loong64 386 "
	if spelling == "go" || spelling == "dpkg" && name != "arm" && name != "ppc64le" {
		if strings.Contains(same, " "+name+" ") {
			return name
		}
	}
	return map[string]map[string]string{
		"dpkg":  {"armhf": "linux/arm/v7", "armel": "linux/arm/v5", "i386": "386", "ppc64el": "ppc64le", "mips64el": "mips64le"},
		"uname": {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "linux/arm/v7", "armv6l": "linux/arm/v6", "i386": "386", "i686": "386", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"},
		"apk":   {"x86_64": "amd64", "aarch64": "arm64", "armv7": "linux/arm/v7", "armhf": "linux/arm/v6", "x86": "386", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"},
		"go":    {"arm": "arm"},
	}[spelling][name]
}

// asksFor is how the architecture's name is spelled that a word asks the system for.
func asksFor(w *syntax.Word) string {
	var parts []syntax.WordPart
	for _, p := range w.Parts {
		if q, ok := p.(*syntax.DblQuoted); ok {
			parts = append(parts, q.Parts...)
			continue
		}
		parts = append(parts, p)
	}
	if len(parts) != 1 {
		return ""
	}
	switch p := parts[0].(type) {
	case *syntax.ParamExp:
		if p.Param != nil && p.Param.Value == "TARGETARCH" && p.Exp == nil {
			return "go"
		}
	case *syntax.CmdSubst:
		if len(p.Stmts) != 1 {
			return ""
		}
		text, _ := printed(p.Stmts[0])
		text = regexp.MustCompile(` \| awk -F- '\{ ?print \$NF ?\}'$`).ReplaceAllString(text, "")
		return map[string]string{"dpkg --print-architecture": "dpkg", "uname -m": "uname", "arch": "uname", "apk --print-arch": "apk"}[text]
	}
	return ""
}

// ask reads an assignment of the architecture's name.
func (a *byArchitecture) ask(st *syntax.Stmt) bool {
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) > 0 || len(call.Assigns) != 1 || a.asked != "" || call.Assigns[0].Value == nil || call.Assigns[0].Name == nil {
		return false
	}
	a.spelling = asksFor(call.Assigns[0].Value)
	if a.spelling != "" {
		a.asked = call.Assigns[0].Name.Value
	}
	return a.spelling != ""
}

// choose reads a case of the architecture, which gives variables their values.
func (a *byArchitecture) choose(st *syntax.Stmt) bool {
	c, ok := st.Cmd.(*syntax.CaseClause)
	if !ok || len(st.Redirs) > 0 || st.Negated || len(a.names) > 0 {
		return false
	}
	if spelling := asksFor(c.Word); spelling != "" {
		a.spelling = spelling
	} else if text, ok := word(stripped(c.Word.Parts), func(name string) (string, bool) { return "$" + name, true }); !ok || a.asked == "" || text != "$"+a.asked {
		return false
	}
	a.values = map[string][]draft.Pair{}
	for _, item := range c.Items {
		if !a.item(item) {
			return false
		}
	}
	for _, name := range a.names { // each platform needs all of them
		if len(a.values[name]) != len(a.values[a.names[0]]) {
			return false
		}
	}
	return len(a.names) > 0
}

// stripped are a word's parts, where what is cut off the variable doesn't matter, as in
// ${dpkgArch##*-}.
func stripped(parts []syntax.WordPart) []syntax.WordPart {
	out := slices.Clone(parts)
	for i, p := range out {
		switch p := p.(type) {
		case *syntax.DblQuoted:
			q := *p
			q.Parts = stripped(p.Parts)
			out[i] = &q
		case *syntax.ParamExp:
			if text, ok := printedWord(p); ok && strings.HasSuffix(text, "##*-}") {
				out[i] = &syntax.ParamExp{Param: p.Param}
			}
		}
	}
	return out
}

func printedWord(p *syntax.ParamExp) (string, bool) {
	var b strings.Builder
	err := syntax.NewPrinter().Print(&b, &syntax.Word{Parts: []syntax.WordPart{p}})
	return b.String(), err == nil
}

// item is one choice. Those that end the script say nothing: a platform without a value
// is an error.
func (a *byArchitecture) item(item *syntax.CaseItem) bool {
	var platforms []string
	own := false
	for _, p := range item.Patterns {
		name, ok := word(p.Parts, func(string) (string, bool) { return "", false })
		if !ok {
			return false
		}
		platform := platformOf(a.spelling, name)
		own = own || platform != ""
		if platform == "" { // which the system doesn't say
			platform = platformOf("dpkg", name)
		}
		if name != "*" && platform == "" || name == "*" && !endsScript(item.Stmts) {
			return false
		}
		if name == "*" {
			return len(item.Patterns) == 1
		}
		if !slices.Contains(platforms, platform) {
			platforms = append(platforms, platform)
		}
	}
	if !own {
		return false
	}
	for _, st := range item.Stmts {
		call, ok := st.Cmd.(*syntax.CallExpr)
		if !ok || len(call.Args) > 0 || len(st.Redirs) > 0 {
			return false
		}
		for _, set := range call.Assigns {
			if set.Name == nil || set.Append || set.Value == nil {
				return false
			}
			value, ok := word(set.Value.Parts, func(string) (string, bool) { return "", false })
			if !ok || strings.Contains(value, "$") {
				return false
			}
			a.set(set.Name.Value, platforms, value)
		}
	}
	return true
}

func (a *byArchitecture) set(name string, platforms []string, value string) {
	if !slices.Contains(a.names, name) {
		a.names = append(a.names, name)
	}
	for _, platform := range platforms {
		a.values[name] = append(a.values[name], draft.Pair{Name: platform, Value: value})
	}
}

// endsScript reports whether statements do nothing but to say something and to end.
func endsScript(all []*syntax.Stmt) bool {
	for i, st := range all {
		call, ok := st.Cmd.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return false
		}
		switch name := call.Args[0].Lit(); {
		case name == "exit":
			return i == len(all)-1 && len(call.Args) == 2 && call.Args[1].Lit() != "0"
		case name != "echo" && name != "printf":
			return false
		}
	}
	return false
}

// place is what stands for a variable until the name of its argument is known.
func (a *byArchitecture) place(name string) (string, bool) {
	if i := slices.Index(a.names, name); i >= 0 {
		return fmt.Sprintf("${BY_ARCHITECTURE_%d}", i), true
	}
	if name == a.asked && len(a.names) > 0 {
		return "${BY_ARCHITECTURE_NAME}", true
	}
	return "", false
}

// settle declares the variables as arguments whose names begin as that of the file does,
// and writes these into an entry.
func (a *byArchitecture) settle(c *converter, e *draft.Entry) {
	base := path.Base(strings.TrimSuffix(e.URL, "/"))
	if !e.Extract {
		base = path.Base(e.Dest)
	}
	base = regexp.MustCompile(`[^A-Za-z0-9_]+.*`).ReplaceAllString(base, "")
	if base == "" || base[0] >= '0' && base[0] <= '9' {
		base = "file"
	}
	in := func(what string) bool { return strings.Contains(e.URL+e.Checksum+e.Dest, what) }
	write := func(what, arg string) {
		for _, field := range []*string{&e.URL, &e.Checksum, &e.Dest} {
			*field = regexp.MustCompile(regexp.QuoteMeta(what)+`(\w?)`).ReplaceAllStringFunc(*field, func(m string) string {
				if next := strings.TrimPrefix(m, what); next != "" {
					return "${" + arg + "}" + next
				}
				return "$" + arg
			})
		}
	}
	for i, name := range a.names {
		if what := fmt.Sprintf("${BY_ARCHITECTURE_%d}", i); in(what) {
			write(what, c.platformArg(base+"_"+name, a.values[name]))
		}
	}
	if own := "${BY_ARCHITECTURE_NAME}"; in(own) {
		write(own, a.ownName(c, base))
	}
}

// ownName is an argument with the architecture's own name: the one that is always there
// if that is spelled so.
func (a *byArchitecture) ownName(c *converter, base string) string {
	var all []draft.Pair
	same := true
	for _, v := range a.values[a.names[0]] {
		own := a.spell(v.Name)
		same = same && own == v.Name
		all = append(all, draft.Pair{Name: v.Name, Value: own})
	}
	if same {
		return "TARGETARCH"
	}
	return c.platformArg(base+"_arch", all)
}

// spell is a platform's architecture as the script asks for it.
func (a *byArchitecture) spell(platform string) string {
	for _, name := range []string{"amd64", "arm64", "armhf", "armel", "i386", "ppc64el", "mips64el", "x86_64", "aarch64", "armv7l", "armv6l", "i686", "armv7", "x86", "ppc64le", "s390x", "riscv64", "mips64le", "loong64", "386", "arm"} {
		if platformOf(a.spelling, name) == platform {
			return name
		}
	}
	return platform
}

// platformArg declares an argument with a value for each platform.
func (c *converter) platformArg(name string, values []draft.Pair) string {
	name = strings.ToUpper(name)
	for n := 1; ; n++ {
		full := name
		if n > 1 {
			full = fmt.Sprintf("%s_%d", name, n)
		}
		at := slices.IndexFunc(c.byPlatform, func(a draft.Arg) bool { return a.Name == full })
		switch {
		case at >= 0 && slices.EqualFunc(c.byPlatform[at].Platforms, values, func(x, y draft.Pair) bool { return x.Name == y.Name && x.Value == y.Value }):
			return full
		case at < 0 && !c.args.has(full):
			c.byPlatform = append(c.byPlatform, draft.Arg{Name: full, Platforms: values})
			return full
		}
	}
}
