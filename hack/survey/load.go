// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

// code is a module as the compiler sees it on Linux, without its tests and
// without what only serves tests.
type code struct {
	dir  string
	fset *token.FileSet
	pkgs []*packages.Package
}

// load reads the module in a directory.
func load(dir string) (*code, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find module: %w", err)
	}
	c := &code{dir: dir, fset: token.NewFileSet()}
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
		Dir: dir, Fset: c.fset,
	}, "./...")
	if err != nil {
		return nil, fmt.Errorf("load packages: %w", err)
	}
	for _, p := range all {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("load %s: %w", p.PkgPath, errors.Join(asErrors(p.Errors)...))
		}
		if len(p.Syntax) > 0 && !c.forTests(p) {
			c.pkgs = append(c.pkgs, p)
		}
	}
	if len(c.pkgs) == 0 {
		return nil, fmt.Errorf("load packages: there are none in %s", dir)
	}
	return c, nil
}

func asErrors(all []packages.Error) []error {
	errs := make([]error, len(all))
	for i, e := range all {
		errs[i] = e
	}
	return errs
}

// forTests reports whether a package only serves tests and development.
func (c *code) forTests(p *packages.Package) bool {
	dir := c.rel(c.fset.Position(p.Syntax[0].Pos()).Filename)
	return under(dir, "hack") || under(dir, "internal/testenv")
}

// under reports whether a path is in a directory.
func under(path, dir string) bool { return strings.HasPrefix(path, dir+"/") }

// rel is a file's path in the module.
func (c *code) rel(file string) string {
	rel, err := filepath.Rel(c.dir, file)
	if err != nil {
		return file
	}
	return filepath.ToSlash(rel)
}

// file is the path of the file of a position.
func (c *code) file(pos token.Pos) string { return c.rel(c.fset.Position(pos).Filename) }

// place is a position as file:line, followed by words.
func (c *code) place(pos token.Pos, words string) string {
	p := c.fset.Position(pos)
	return fmt.Sprintf("%s:%d %s", c.rel(p.Filename), p.Line, words)
}

// functions calls f for every function that has a body.
func (c *code) functions(f func(p *packages.Package, fn *ast.FuncDecl)) {
	for _, p := range c.pkgs {
		for _, file := range p.Syntax {
			for _, decl := range file.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
					f(p, fn)
				}
			}
		}
	}
}
