// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// vet refuses what the library does otherwise than a shell, or not at all.
func vet(file syntax.Node, is dialect) error {
	v := &vetter{is: is}
	syntax.Walk(file, func(n syntax.Node) bool {
		if n != nil && v.err == nil {
			v.node(n)
		}
		return v.err == nil
	})
	v.scope(file, false, false)
	if v.err != nil {
		return v.err
	}
	return nil
}

type vetter struct {
	is  dialect
	err *Refusal
}

func (v *vetter) refuse(n syntax.Node, why string) {
	if v.err == nil {
		v.err = &Refusal{Line: int(n.Pos().Line()), Why: why}
	}
}

const (
	notFollowed = "it has a construct that isn't followed"
	bashOnly    = "it has a construct that sh doesn't have"
	hashInWord  = "it has a \"#\" within a word, behind a variable or the like"
)

func (v *vetter) node(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.Stmt:
		if n.Background || n.Coprocess || n.Disown {
			v.refuse(n, "it leaves something running")
		}
	case *syntax.Redirect:
		v.redirect(n)
	case *syntax.FuncDecl:
		v.function(n)
	case *syntax.ProcSubst, *syntax.CoprocClause, *syntax.TimeClause, *syntax.LetClause, *syntax.TestDecl:
		v.refuse(n, notFollowed)
	case *syntax.ForClause:
		if n.Select {
			v.refuse(n, notFollowed)
		}
		if loop, ok := n.Loop.(*syntax.WordIter); ok {
			v.files(loop.Items)
		}
	case *syntax.CmdSubst:
		if n.TempFile || n.ReplyVar {
			v.refuse(n, notFollowed)
		}
	case *syntax.CaseItem:
		if n.Op != syntax.Break {
			v.refuse(n, notFollowed)
		}
		for _, p := range n.Patterns {
			v.pattern(p)
		}
	case *syntax.CallExpr:
		v.command(n)
		v.files(n.Args)
	case *syntax.Word:
		v.hash(n)
		v.posix(n)
	case *syntax.Lit:
		v.text(n, n.Value)
	case *syntax.SglQuoted:
		v.text(n, n.Value)
		v.posix(n)
	default:
		v.posix(n)
	}
}

// hash refuses words in which a variable or the like is followed by "#": in a subshell,
// which the script may be printed with, the library takes that for a comment.
func (v *vetter) hash(w *syntax.Word) {
	for i, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok && i > 0 && strings.HasPrefix(lit.Value, "#") {
			v.refuse(w, hashInWord)
		}
	}
}

// vetComments refuses what the library takes for a comment, as [vetter.hash] says, and a shell
// for a part of the word before it.
func vetComments(name, text string) error {
	if !strings.Contains(text, "(") {
		return nil
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true)).Parse(strings.NewReader(text), name)
	if err != nil {
		return refuse("it can't be read: %v", err)
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		c, ok := n.(*syntax.Comment)
		if at := 0; ok {
			if at = int(c.Hash.Offset()); at > 0 && !strings.ContainsRune(" \t\n;&|()<>`", rune(text[at-1])) {
				err = refuse(hashInWord)
			}
		}
		return err == nil
	})
	return err
}

// text refuses characters that the library prints as other ones.
func (v *vetter) text(n syntax.Node, value string) {
	if strings.ContainsAny(value, "\f\v") {
		v.refuse(n, "it has a form feed or a vertical tab in a word")
	}
}

// posix refuses what only bash has: sh takes it for something else, or fails. That of
// busybox has a part of it.
func (v *vetter) posix(n syntax.Node) {
	refused, inAsh := false, true
	switch n := n.(type) {
	case *syntax.ArithmCmd, *syntax.ArrayExpr, *syntax.CStyleLoop, *syntax.ExtGlob:
		refused, inAsh = true, false
	case *syntax.TestClause:
		refused = true
	case *syntax.SglQuoted:
		refused = n.Dollar
	case *syntax.DblQuoted:
		refused = n.Dollar
		v.quotes(n, n.Parts)
	case *syntax.Assign:
		refused, inAsh = n.Append || n.Index != nil, false
		if n.Name != nil {
			v.variable(n, n.Name.Value)
		}
		v.home(n.Value)
	case *syntax.ParamExp:
		refused, inAsh = isBashParameter(n)
		v.parameter(n)
	case *syntax.UnaryArithm:
		refused = n.Op == syntax.Inc || n.Op == syntax.Dec
	case *syntax.BinaryArithm:
		refused = n.Op == syntax.Pow || n.Op == syntax.Comma
	case *syntax.Word:
		refused, inAsh = hasBraces(n), false
	case *syntax.DeclClause:
		v.declaration(n)
		refused, inAsh = !slices.Contains([]string{"local", "export", "readonly"}, n.Variant.Value), false
	}
	if refused && v.is != bash && (v.is == dash || !inAsh) {
		v.refuse(n, bashOnly)
	}
}

// isBashParameter reports whether ${name} has something that POSIX doesn't know, and
// whether busybox does.
func isBashParameter(n *syntax.ParamExp) (refused, inAsh bool) {
	if n.Excl || n.Index != nil || n.Names != 0 {
		return true, false
	}
	letters := []syntax.ParExpOperator{syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll, syntax.OtherParamOps}
	if n.Exp != nil && slices.Contains(letters, n.Exp.Op) {
		return true, false
	}
	return n.Slice != nil || n.Repl != nil, true
}

// hasBraces reports whether bash would make several words of one: a{b,c} or a{1..3}.
func hasBraces(w *syntax.Word) bool {
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			_, after, open := strings.Cut(lit.Value, "{")
			if open && strings.Contains(after, "}") && (strings.Contains(after, ",") || strings.Contains(after, "..")) {
				return true
			}
		}
	}
	return false
}

func (v *vetter) function(n *syntax.FuncDecl) {
	switch {
	case n.Name == nil || n.Body == nil:
		v.refuse(n, notFollowed)
	case interp.IsBuiltin(n.Name.Value):
		v.refuse(n, "it has a function in the place of a command of the shell")
	case n.RsrvWord && v.is == dash:
		v.refuse(n, bashOnly)
	}
}

// redirect allows the standard streams, files and texts.
func (v *vetter) redirect(n *syntax.Redirect) {
	if n.Hdoc != nil {
		v.quotes(n, n.Hdoc.Parts)
	}
	if n.N != nil && !slices.Contains([]string{"0", "1", "2"}, n.N.Value) {
		v.refuse(n, "it uses a stream that isn't followed")
		return
	}
	stream := ""
	if n.N != nil {
		stream = n.N.Value
	}
	switch n.Op {
	case syntax.RdrOut, syntax.AppOut:
		if stream == "0" {
			v.refuse(n, notFollowed)
		}
	case syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc:
		if stream == "1" || stream == "2" {
			v.refuse(n, notFollowed)
		}
	case syntax.DplOut:
		if lit := n.Word.Lit(); lit != "1" && lit != "2" && lit != "-" || stream == "0" {
			v.refuse(n, "it uses a stream that isn't followed")
		}
	case syntax.RdrAll, syntax.AppAll, syntax.WordHdoc:
		if v.is == dash {
			v.refuse(n, bashOnly)
		}
	default:
		v.refuse(n, "it uses a stream that isn't followed")
	}
}
