// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// ideas counts the bodies of ideas that there should be one of. Each is known by
// what such code can hardly do without.
func ideas(c *code) []count {
	return []count{
		listed("functions that follow links inside a root", 1, c.matching(followsLinks)),
		listed("functions that compute an edit distance", 1, c.matching(computesDistance)),
		listed("files that parse deb822 paragraphs", 1, paragraphParsers(c)),
		listed("readers that read ahead", 1, readAheads(c)),
		listed("tables of standard directories", 1, directoryTables(c)),
		listed("interfaces that look into a tree", 1, treeInterfaces(c)),
	}
}

// matching lists the functions that a test holds for.
func (c *code) matching(is func(fn *ast.FuncDecl) bool) []string {
	var places []string
	c.functions(func(_ *packages.Package, fn *ast.FuncDecl) {
		if is(fn) {
			places = append(places, c.place(fn.Pos(), fn.Name.Name))
		}
	})
	return places
}

// followsLinks: a loop that takes a path apart counts links up to a limit, and
// goes on with a link's target.
func followsLinks(fn *ast.FuncDecl) bool {
	loops, limits := false, false
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			loops = true
		case *ast.BinaryExpr:
			if n.Op == token.GTR || n.Op == token.GEQ || n.Op == token.LSS || n.Op == token.LEQ {
				limits = limits || namesLink(n.X) && namesLink(n.Y)
			}
		}
		return true
	})
	return loops && limits
}

func namesLink(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && strings.Contains(strings.ToLower(id.Name), "links")
}

// computesDistance: the least of three costs, in a loop in a loop.
func computesDistance(fn *ast.FuncDecl) bool {
	found := false
	var walk func(n ast.Node, depth int)
	walk = func(n ast.Node, depth int) {
		ast.Inspect(n, func(m ast.Node) bool {
			switch m := m.(type) {
			case *ast.ForStmt:
				walk(m.Body, depth+1)
				return false
			case *ast.RangeStmt:
				walk(m.Body, depth+1)
				return false
			case *ast.CallExpr:
				id, ok := m.Fun.(*ast.Ident)
				found = found || ok && id.Name == "min" && len(m.Args) == 3 && depth > 1
			}
			return true
		})
	}
	walk(fn.Body, 0)
	return found
}

// paragraphParsers are the files that cut lines at a colon, and either know lines
// that go on with a space or a tab, or dpkg's own fields.
func paragraphParsers(c *code) []string {
	var places []string
	for _, p := range c.pkgs {
		for _, file := range p.Syntax {
			colon, space, tab, field := token.NoPos, false, false, false
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if cutsAtColon(n) {
						colon = n.Pos()
					}
				case *ast.BinaryExpr:
					lit, ok := n.Y.(*ast.BasicLit)
					isChar := ok && n.Op == token.EQL
					space = space || isChar && lit.Value == `' '`
					tab = tab || isChar && lit.Value == `'\t'`
				case *ast.BasicLit:
					field = field || n.Value == `"Package"` || n.Value == `" installed"`
				}
				return true
			})
			if colon.IsValid() && (space && tab || field) {
				places = append(places, c.place(colon, "cuts fields"))
			}
		}
	}
	return places
}

// cutsAtColon reports whether a call looks for a colon in a text.
func cutsAtColon(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) != 2 || !slices.Contains([]string{"Cut", "Index", "IndexByte", "SplitN"}, sel.Sel.Name) {
		return false
	}
	lit, ok := call.Args[1].(*ast.BasicLit)
	return ok && (lit.Value == `":"` || lit.Value == `':'`)
}

// readAheads are the readers that give what comes through a channel of theirs.
func readAheads(c *code) []string {
	var places []string
	eachType(c, func(t *types.TypeName) {
		s, ok := t.Type().Underlying().(*types.Struct)
		if !ok {
			return
		}
		chans := 0
		for field := range s.Fields() {
			if ch, ok := field.Type().Underlying().(*types.Chan); ok && !isEmpty(ch.Elem()) {
				chans++
			}
		}
		read, _, _ := types.LookupFieldOrMethod(types.NewPointer(t.Type()), true, t.Pkg(), "Read")
		if _, ok := read.(*types.Func); ok && chans > 0 {
			places = append(places, c.place(t.Pos(), t.Name()))
		}
	})
	return places
}

func isEmpty(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	return ok && s.NumFields() == 0
}

// eachType calls f for the types that packages declare.
func eachType(c *code, f func(t *types.TypeName)) {
	for _, p := range c.pkgs {
		scope := p.Types.Scope()
		for _, name := range scope.Names() {
			if t, ok := scope.Lookup(name).(*types.TypeName); ok && !t.IsAlias() {
				f(t)
			}
		}
	}
}

// directoryTables are the declarations that name many of the directories that
// every distribution has.
func directoryTables(c *code) []string {
	names := strings.Fields("bin etc home lib lib64 mnt opt sbin srv usr usr/bin usr/include usr/lib usr/lib64 usr/libexec " +
		"usr/local usr/local/bin usr/local/etc usr/local/lib usr/local/sbin usr/local/share usr/sbin usr/share " +
		"var var/cache var/lib var/log var/opt var/spool")
	var places []string
	for _, p := range c.pkgs {
		for _, file := range p.Syntax {
			for _, decl := range file.Decls {
				found := map[string]bool{}
				ast.Inspect(decl, func(n ast.Node) bool {
					if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						for _, w := range strings.Fields(strings.Trim(lit.Value, "`\"")) {
							if w = strings.Trim(w, "/"); slices.Contains(names, w) {
								found[w] = true
							}
						}
					}
					return true
				})
				if len(found) > len(names)/2 {
					places = append(places, c.place(decl.Pos(), "directories"))
				}
			}
		}
	}
	return places
}

// treeInterfaces are the interfaces that read a file and list a directory, both by
// a path.
func treeInterfaces(c *code) []string {
	var places []string
	eachType(c, func(t *types.TypeName) {
		is, ok := t.Type().Underlying().(*types.Interface)
		if !ok || is.NumMethods() > 3 {
			return
		}
		reads, lists := false, false
		for m := range is.Methods() {
			if elem := sliceByPath(m.Signature()); elem != nil {
				isByte := types.Identical(elem, types.Typ[types.Byte])
				reads, lists = reads || isByte, lists || !isByte
			}
		}
		if reads && lists {
			places = append(places, c.place(t.Pos(), t.Name()))
		}
	})
	return places
}

// sliceByPath is the element of the slice that a function returns beside an error
// for a string; nil for other functions.
func sliceByPath(s *types.Signature) types.Type {
	if s.Params().Len() == 0 || s.Results().Len() != 2 || s.Results().At(1).Type().String() != "error" {
		return nil
	}
	slice, ok := s.Results().At(0).Type().(*types.Slice)
	if !ok || !types.Identical(s.Params().At(s.Params().Len()-1).Type(), types.Typ[types.String]) {
		return nil
	}
	return slice.Elem()
}
