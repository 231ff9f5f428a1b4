// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// mostMethods is how many methods a type may have.
const mostMethods = 25

// methods counts the types with too many methods, and those that have too many
// with what they embed. Outside of the pipeline they are only told.
func methods(c *code) []count {
	var own, embedded, elsewhere []string
	eachType(c, func(t *types.TypeName) {
		if types.IsInterface(t.Type()) {
			return
		}
		n, all := methodsOf(t, c)
		place := c.place(t.Pos(), fmt.Sprintf("%s.%s: %d methods, %d with those of what it embeds", t.Pkg().Name(), t.Name(), n, all))
		switch file := c.file(t.Pos()); {
		case all <= mostMethods:
		case !under(file, "frontend") && !under(file, "llb") && !under(file, "cmd"):
			elsewhere = append(elsewhere, place)
		case n > mostMethods:
			own = append(own, place)
		default:
			embedded = append(embedded, place)
		}
	})
	return []count{
		listed(fmt.Sprintf("types of more than %d methods in cmd, frontend, llb", mostMethods), 0, own),
		listed("types that have more than that with what they embed", 0, embedded),
		listed("such types elsewhere", unlimited, elsewhere),
	}
}

// methodsOf counts a type's own methods, and with them those of the types of this
// module that it embeds.
func methodsOf(t *types.TypeName, c *code) (own, all int) {
	if named, ok := t.Type().(*types.Named); ok {
		own = named.NumMethods()
	}
	ours := func(p *types.Package) bool {
		return p != nil && slices.ContainsFunc(c.pkgs, func(q *packages.Package) bool { return q.Types == p })
	}
	for selection := range types.NewMethodSet(types.NewPointer(t.Type())).Methods() {
		if ours(selection.Obj().Pkg()) {
			all++
		}
	}
	return own, all
}

// sizes are how long the longest file and function are, and all of it together.
func sizes(c *code) []count {
	total, file, function := 0, count{what: "lines of the longest file", most: 400}, count{what: "lines of the longest function", most: 60}
	for _, p := range c.pkgs {
		for _, f := range p.Syntax {
			lines := c.fset.File(f.Pos()).LineCount()
			total += lines
			if lines > file.n {
				file.n, file.places = lines, []string{c.file(f.Pos())}
			}
		}
	}
	c.functions(func(_ *packages.Package, fn *ast.FuncDecl) {
		lines := c.fset.Position(fn.Body.Rbrace).Line - c.fset.Position(fn.Body.Lbrace).Line - 1
		if lines > function.n {
			function.n, function.places = lines, []string{c.place(fn.Pos(), fn.Name.Name)}
		}
	})
	files := 0
	for _, p := range c.pkgs {
		files += len(p.Syntax)
	}
	return []count{
		file, function,
		{what: "packages", n: len(c.pkgs), most: unlimited, places: roots(c)},
		{what: "files", n: files, most: unlimited},
		{what: "lines", n: total, most: unlimited},
	}
}

// roots are how many lines each directory at the top has.
func roots(c *code) []string {
	lines := map[string]int{}
	for _, p := range c.pkgs {
		for _, f := range p.Syntax {
			top, _, _ := strings.Cut(c.file(f.Pos()), "/")
			lines[top] += c.fset.File(f.Pos()).LineCount()
		}
	}
	var all []string
	for top, n := range lines {
		all = append(all, fmt.Sprintf("%s: %d lines", top, n))
	}
	slices.Sort(all)
	return all
}
