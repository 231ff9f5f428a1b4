// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// variants are the kinds of something that is one of several: the types that
// implement an interface, or the fields of a struct of which one is set.
type variants struct {
	name string
	// is is the interface; nil for a struct.
	is types.Type
	// fields are the struct's.
	fields map[*types.Var]bool
	all    []string
}

// switches counts the functions that ask which kind an action of a plan or a
// layer of the build file is. One that asks for several and leaves out some does
// something with a kind that is added, and neither the compiler nor a test says
// what. Asking for a single kind is a statement about that kind alone.
func switches(c *code) []count {
	sets := variantSets(c)
	var all, unguarded, single []string
	c.functions(func(p *packages.Package, fn *ast.FuncDecl) {
		for _, set := range sets {
			named := set.namedIn(p.TypesInfo, fn)
			if len(named) == 0 {
				continue
			}
			words := fmt.Sprintf("%s: %d of %d kinds of %s", fn.Name.Name, len(named), len(set.all), set.name)
			place := c.place(fn.Pos(), words)
			if len(named) == 1 {
				single = append(single, place)
				continue
			}
			all = append(all, place)
			if len(named) < len(set.all) {
				unguarded = append(unguarded, place)
			}
		}
	})
	return []count{
		listed("functions that tell kinds of actions or layers apart", unlimited, all),
		listed("of them, functions that leave out a kind", 0, unguarded),
		listed("functions that ask for one kind alone", unlimited, single),
	}
}

// variantSets are the interfaces of llb/plan and llb/spec with more than one
// implementation there, and spec.Layer while it is a struct of pointers.
func variantSets(c *code) []*variants {
	var sets []*variants
	for _, p := range c.pkgs {
		if !strings.HasSuffix(p.PkgPath, "/llb/plan") && !strings.HasSuffix(p.PkgPath, "/llb/spec") {
			continue
		}
		scope := p.Types.Scope()
		for _, name := range scope.Names() {
			t, ok := scope.Lookup(name).(*types.TypeName)
			if !ok {
				continue
			}
			var set *variants
			switch under := t.Type().Underlying().(type) {
			case *types.Interface:
				set = implementations(t, under, scope)
			case *types.Struct:
				if name == "Layer" && p.Name == "spec" {
					set = alternatives(t, under)
				}
			}
			if set != nil && len(set.all) > 1 {
				sets = append(sets, set)
			}
		}
	}
	return sets
}

// implementations are the types of a package that implement an interface of it.
func implementations(t *types.TypeName, is *types.Interface, scope *types.Scope) *variants {
	set := &variants{name: t.Pkg().Name() + "." + t.Name(), is: t.Type()}
	if is.Empty() || !is.IsMethodSet() {
		return nil
	}
	for _, name := range scope.Names() {
		o, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || types.IsInterface(o.Type()) {
			continue
		}
		if types.Implements(types.NewPointer(o.Type()), is) {
			set.all = append(set.all, name)
		}
	}
	return set
}

// alternatives are the fields of a struct that point to structs.
func alternatives(t *types.TypeName, s *types.Struct) *variants {
	set := &variants{name: t.Pkg().Name() + "." + t.Name(), fields: map[*types.Var]bool{}}
	for field := range s.Fields() {
		if _, ok := field.Type().(*types.Pointer); ok {
			set.fields[field] = true
			set.all = append(set.all, field.Name())
		}
	}
	return set
}

// namedIn are the kinds that a function asks for.
func (v *variants) namedIn(info *types.Info, fn *ast.FuncDecl) map[string]bool {
	named := map[string]bool{}
	if v.fields != nil {
		v.fieldsIn(info, fn, named)
		return named
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSwitchStmt:
			if v.isAsked(info, n) {
				for _, clause := range n.Body.List {
					for _, e := range clause.(*ast.CaseClause).List { //nolint:forcetypeassert // Go's own rule
						v.add(info, e, named)
					}
				}
			}
		case *ast.TypeAssertExpr:
			if n.Type != nil && types.Identical(info.TypeOf(n.X), v.is) {
				v.add(info, n.Type, named)
			}
		}
		return true
	})
	return named
}

// isAsked reports whether a type switch looks at a value of the interface.
func (v *variants) isAsked(info *types.Info, s *ast.TypeSwitchStmt) bool {
	asked := false
	ast.Inspect(s.Assign, func(n ast.Node) bool {
		if a, ok := n.(*ast.TypeAssertExpr); ok && a.Type == nil {
			asked = types.Identical(info.TypeOf(a.X), v.is)
		}
		return true
	})
	return asked
}

// add notes the kind that a type is.
func (v *variants) add(info *types.Info, e ast.Expr, named map[string]bool) {
	t := info.TypeOf(e)
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok && slices.Contains(v.all, n.Obj().Name()) {
		named[n.Obj().Name()] = true
	}
}

// fieldsIn notes the fields that a function reads, if it compares one with nil.
func (v *variants) fieldsIn(info *types.Info, fn *ast.FuncDecl, named map[string]bool) {
	compares := false
	read := map[string]bool{}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && info.Types[n.Y].IsNil() && v.field(info, n.X) != "" {
				compares = true
			}
		case *ast.SelectorExpr:
			if name := v.field(info, n); name != "" {
				read[name] = true
			}
		}
		return true
	})
	if compares {
		maps.Copy(named, read)
	}
}

// field is the name of the field that an expression selects, or "".
func (v *variants) field(info *types.Info, e ast.Expr) string {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || info.Selections[sel] == nil {
		return ""
	}
	if field, ok := info.Selections[sel].Obj().(*types.Var); ok && v.fields[field] {
		return field.Name()
	}
	return ""
}
