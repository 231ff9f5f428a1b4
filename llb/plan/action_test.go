// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestActionsHasThemAll holds [Actions], over which other tests range, to the
// types of this package that are one.
func TestActionsHasThemAll(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared, listed []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "isAction" {
				declared = append(declared, fmt.Sprintf("*plan.%v", f.Recv.List[0].Type.(*ast.StarExpr).X))
			}
		}
	}
	for _, a := range Actions() {
		listed = append(listed, fmt.Sprintf("%T", a))
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if diff := cmp.Diff(declared, listed); diff != "" || len(listed) == 0 {
		t.Errorf("actions (-declared +listed):\n%s", diff)
	}
}
