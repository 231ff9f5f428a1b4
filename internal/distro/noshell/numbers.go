// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// The library takes what is no number for 0, and goes on after a division by zero; a
// shell ends there. So each value that isn't known before goes through a command that
// refuses those.

// expression normalizes a whole expression.
func (n *normalizer) expression(x syntax.ArithmExpr, at place) syntax.ArithmExpr {
	if w, ok := x.(*syntax.Word); ok {
		n.value(w, at)
		return number(w, false, true)
	}
	return n.arithmetic(x, at, false)
}

// arithmetic normalizes a part of an expression.
func (n *normalizer) arithmetic(x syntax.ArithmExpr, at place, mayBeEmpty bool) syntax.ArithmExpr {
	switch x := x.(type) {
	case *syntax.Word:
		n.value(x, at)
		return number(x, mayBeEmpty, false)
	case *syntax.ParenArithm:
		x.X = n.arithmetic(x.X, at, false)
	case *syntax.UnaryArithm:
		if x.Op != syntax.Inc && x.Op != syntax.Dec {
			x.X = n.arithmetic(x.X, at, false)
		}
	case *syntax.BinaryArithm:
		if !assigns(x.Op) {
			x.X = n.arithmetic(x.X, at, x.Op == syntax.Add || x.Op == syntax.Sub)
		}
		x.Y = n.arithmetic(x.Y, at, false)
		if divides(x.Op) {
			x.Y = divisor(x.Y)
		}
	}
	return x
}

// value normalizes a word of an expression, which is put into quotes: shells differ in what
// quotes of its own mean.
func (n *normalizer) value(w *syntax.Word, at place) {
	n.words(w, at)
	for _, part := range w.Parts {
		switch part.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			n.err = refuse("its quotes in an expression aren't followed")
		}
	}
}

// assigns reports whether what stands before an operator is changed.
func assigns(op syntax.BinAritOperator) bool {
	return op == syntax.Assgn || strings.HasSuffix(op.String(), "=") && op != syntax.Eql && op != syntax.Neq && op != syntax.Leq && op != syntax.Geq
}

func divides(op syntax.BinAritOperator) bool {
	return op == syntax.Quo || op == syntax.Rem || op == syntax.QuoAssgn || op == syntax.RemAssgn
}

// number is a value, or a command that prints it if it is one.
func number(w *syntax.Word, mayBeEmpty, whole bool) *syntax.Word {
	lit := w.Lit()
	switch {
	case lit != "" && !syntax.ValidName(lit):
		if _, err := strconv.ParseInt(lit, 0, 64); err == nil && !strings.ContainsAny(lit, "_obOB") {
			return w
		}
		return printedBy(w, "number", w)
	case lit != "":
		value := &syntax.ParamExp{Param: &syntax.Lit{Value: lit}, Exp: &syntax.Expansion{Op: syntax.DefaultUnset, Word: literal("0")}}
		return printedBy(w, "variable", quoted(value))
	case mayBeEmpty:
		return printedBy(w, "number", quoted(w.Parts...), literal("0"))
	case whole:
		return printedBy(w, "expression", quoted(w.Parts...))
	}
	return printedBy(w, "number", quoted(w.Parts...))
}

// divisor is a command that prints a number other than 0.
func divisor(x syntax.ArithmExpr) syntax.ArithmExpr {
	if w, ok := x.(*syntax.Word); ok {
		if n, err := strconv.ParseInt(w.Lit(), 0, 64); err == nil && n != 0 {
			return w
		}
	}
	return printedBy(x, "divisor", &syntax.Word{Parts: []syntax.WordPart{&syntax.ArithmExp{X: x}}})
}

// printedBy is what a command of ours prints.
func printedBy(at syntax.Node, name string, args ...*syntax.Word) *syntax.Word {
	call := &syntax.CallExpr{Args: append([]*syntax.Word{{Parts: []syntax.WordPart{&syntax.Lit{ValuePos: at.Pos(), ValueEnd: at.End(), Value: own + name}}}}, args...)}
	sub := &syntax.CmdSubst{Left: at.Pos(), Right: at.End(), Stmts: []*syntax.Stmt{{Cmd: call, Position: at.Pos()}}}
	return &syntax.Word{Parts: []syntax.WordPart{sub}}
}

func quoted(parts ...syntax.WordPart) *syntax.Word {
	return &syntax.Word{Parts: []syntax.WordPart{&syntax.DblQuoted{Parts: parts}}}
}

func literal(text string) *syntax.Word {
	return &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: text}}}
}

// printNumber prints a number that an expression has; the second argument stands for
// nothing, where that is a number, too.
func printNumber(c *Call) error {
	text := strings.TrimSpace(c.Args[1])
	if text == "" && len(c.Args) > 2 {
		text = c.Args[2]
	}
	return c.printNumber(text)
}

// printExpression prints the value of a text, which may be of numbers and operators.
func printExpression(c *Call) error {
	x, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Arithmetic(strings.NewReader(c.Args[1]))
	if err != nil || x == nil {
		return refuse("%q is not a number", shorten(c.Args[1]))
	}
	plain := true
	syntax.Walk(x, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Word:
			_, err := strconv.ParseUint(n.Lit(), 10, 62)
			plain = plain && err == nil && (n.Lit() == "0" || n.Lit()[0] != '0')
		case *syntax.UnaryArithm:
			plain = plain && n.Op != syntax.Inc && n.Op != syntax.Dec
		case *syntax.BinaryArithm:
			plain = plain && !assigns(n.Op) && !divides(n.Op)
		}
		return plain
	})
	if !plain {
		return refuse("%q is not a number", shorten(c.Args[1]))
	}
	n, err := expand.Arithm(&expand.Config{}, x)
	if err != nil {
		return refuse("%v", err)
	}
	return c.Print(strconv.Itoa(n))
}

// printVariable prints the value of a variable that an expression names.
func printVariable(c *Call) error {
	text := strings.TrimLeft(c.Args[1], " \t\n")
	if text == "" {
		text = "0"
	}
	return c.printNumber(text)
}

func (c *Call) printNumber(text string) error {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil || strings.ContainsAny(text, "_oObB") && !strings.ContainsAny(text, "xX") || strings.Contains(text, "_") {
		return refuse("%q is not a number", shorten(text))
	}
	return c.Print(strconv.FormatInt(n, 10))
}

// printDivisor prints what something is divided by.
func printDivisor(c *Call) error {
	if c.Args[1] == "0" {
		return refuse("it divides by zero")
	}
	return c.Print(c.Args[1])
}
