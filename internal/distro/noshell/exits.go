// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// exitsAtReturn makes an exit of each return of a script that stands in no function: dash
// ends the script there, with the status that is given.
func exitsAtReturn(file *syntax.File) {
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			return false
		case *syntax.CallExpr:
			if len(n.Args) > 0 && n.Args[0].Lit() == "return" {
				n.Args[0].Parts = []syntax.WordPart{&syntax.Lit{ValuePos: n.Args[0].Pos(), ValueEnd: n.Args[0].End(), Value: "exit"}}
			}
		}
		return true
	})
}

// setsStatus reports whether what is done at a script's end gives it a status of its own.
func setsStatus(file *syntax.File) bool {
	sets := false
	syntax.Walk(file, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 1 && call.Args[0].Lit() == "exit" {
			_, err := strconv.Atoi(call.Args[1].Lit())
			sets = sets || err == nil
		}
		return true
	})
	return sets
}
