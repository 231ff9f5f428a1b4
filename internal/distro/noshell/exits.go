// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"context"
	"errors"
	"strconv"

	"mvdan.cc/sh/v3/interp"
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

// atEnd does what a trap has to do at a script's end, which the library would do without
// the status that comes of it. Like all of the script it ends where a command fails under
// set -e.
func (r *run) atEnd(ctx context.Context, runner *interp.Runner, ended error) error {
	r.mu.Lock()
	last, refused := r.last, r.refused
	r.mu.Unlock()
	var status interp.ExitStatus
	if last == nil || refused != nil || ended != nil && !errors.As(ended, &status) {
		return ended
	}
	exitsWith(last, status)
	err := protect(func() error { return runner.Run(ctx, last) })
	if err != nil && !errors.As(err, new(interp.ExitStatus)) || runner.Exited() {
		return err
	}
	return ended
}

// exitsWith gives each exit without a status that of the script's end.
func exitsWith(file *syntax.File, status interp.ExitStatus) {
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if ok && len(call.Args) == 1 && call.Args[0].Lit() == "exit" {
			call.Args = append(call.Args, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: strconv.Itoa(int(status))}}})
		}
		return true
	})
}
