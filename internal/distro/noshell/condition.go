// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// An assertion is what test and [ are given, read as dash and busybox read it: what a
// word means depends on how many there are, and on those behind it.
type assertion struct {
	*Call
	words []string
	at    int
	err   string // why it can't be told
}

// test reports whether an assertion holds.
func test(c *Call) error {
	words := c.Args[1:]
	if strings.HasSuffix(c.Args[0], "[") {
		if len(words) == 0 || words[len(words)-1] != "]" {
			return failTest(c, "missing ]")
		}
		words = words[:len(words)-1]
	}
	t := &assertion{Call: c, words: words}
	holds := t.all()
	switch {
	case t.err != "":
		return failTest(c, t.err)
	case holds:
		return nil
	}
	return Status(1)
}

func failTest(c *Call, why string) error {
	_, _ = io.WriteString(c.Stderr, strings.TrimPrefix(c.Args[0], own)+": "+why+"\n")
	return Status(2)
}

// The kinds of words.
const (
	operand = iota
	binary
	unary
	not
	and
	or
	open
	closed
	end
)

// kindOf is what a word would be by itself.
func kindOf(word string) int {
	switch word {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-ge", "-gt", "-le", "-lt", "-nt", "-ot", "-ef":
		return binary
	case "!":
		return not
	case "-a":
		return and
	case "-o":
		return or
	case "(":
		return open
	case ")":
		return closed
	}
	if len(word) == 2 && word[0] == '-' && strings.Contains("rwxefdcbpugkstznhOGLS", word[1:]) {
		return unary
	}
	return operand
}

// word is one of the words; empty behind the last one.
func (t *assertion) word(i int) string {
	if i < len(t.words) {
		return t.words[i]
	}
	return ""
}

// kind is what a word is in its place.
func (t *assertion) kind(i int) int {
	if i >= len(t.words) {
		return end
	}
	kind := kindOf(t.words[i])
	switch {
	case kind == unary && t.isOperand(i):
		return operand
	case kind == open && i+1 == len(t.words):
		return operand
	}
	return kind
}

// isOperand reports whether a word that could be an operator isn't one, because of
// what follows.
func (t *assertion) isOperand(i int) bool {
	return i+1 == len(t.words) || i+2 < len(t.words) && kindOf(t.words[i+1]) == binary
}

// all is the whole of it.
func (t *assertion) all() bool {
	negated := false
	for len(t.words) == 3 || len(t.words) == 4 {
		n := len(t.words)
		switch {
		case n == 3 && kindOf(t.words[1]) == binary:
			return t.end(t.or(operand)) != negated
		case t.words[0] == "(" && t.words[n-1] == ")":
			t.words = t.words[1 : n-1]
			return t.end(t.or(t.kind(0))) != negated
		case t.words[0] == "!":
			negated, t.words = !negated, t.words[1:]
			continue
		}
		break
	}
	if len(t.words) == 0 {
		return negated
	}
	return t.end(t.or(t.kind(0))) != negated
}

// end wants nothing to be left.
func (t *assertion) end(holds bool) bool {
	if t.at+1 < len(t.words) {
		t.fail(t.words[t.at] + ": unexpected operator")
	}
	return holds
}

func (t *assertion) fail(why string) {
	if t.err == "" {
		t.err = why
	}
}

func (t *assertion) or(kind int) bool {
	holds := false
	for {
		holds = t.and(kind) || holds
		if t.kind(t.at+1) != or || t.err != "" {
			return holds
		}
		t.at += 2
		kind = t.kind(t.at)
	}
}

func (t *assertion) and(kind int) bool {
	holds := true
	for {
		holds = t.negated(kind) && holds
		if t.kind(t.at+1) != and || t.err != "" {
			return holds
		}
		t.at += 2
		kind = t.kind(t.at)
	}
}

func (t *assertion) negated(kind int) bool {
	if kind != not {
		return t.one(kind)
	}
	kind = t.kind(t.at + 1)
	if kind != end {
		t.at++
	}
	return !t.negated(kind)
}

// one is an assertion without and, or and not.
func (t *assertion) one(kind int) bool {
	switch kind {
	case end:
		return false
	case open:
		t.at++
		inner := t.kind(t.at)
		if inner == closed {
			return false
		}
		holds := t.or(inner)
		if t.at++; t.kind(t.at) != closed {
			t.fail("closing paren expected")
		}
		return holds
	case unary:
		op := t.words[t.at]
		if t.at++; t.at >= len(t.words) {
			t.fail(op + ": argument expected")
			return false
		}
		return t.unary(op, t.words[t.at])
	}
	if t.kind(t.at+1) == binary {
		x, op := t.words[t.at], t.words[t.at+1]
		if t.at += 2; t.at >= len(t.words) {
			t.fail(op + ": argument expected")
			return false
		}
		return t.binary(x, op, t.words[t.at])
	}
	return t.word(t.at) != ""
}

func (t *assertion) unary(op, of string) bool {
	switch op {
	case "-z":
		return of == ""
	case "-n":
		return of != ""
	case "-t":
		return false
	}
	info := t.stat(of, op != "-h" && op != "-L")
	if info == nil {
		return false
	}
	mode := info.Mode()
	switch op {
	case "-x":
		return mode.IsDir() || mode&0o111 != 0
	case "-f":
		return mode.IsRegular()
	case "-d":
		return mode.IsDir()
	case "-c":
		return mode&fs.ModeCharDevice != 0
	case "-b":
		return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
	case "-p":
		return mode&fs.ModeNamedPipe != 0
	case "-S":
		return mode&fs.ModeSocket != 0
	case "-h", "-L":
		return mode&fs.ModeSymlink != 0
	case "-u":
		return mode&fs.ModeSetuid != 0
	case "-g":
		return mode&fs.ModeSetgid != 0
	case "-k":
		return mode&fs.ModeSticky != 0
	case "-s":
		return info.Size() > 0
	case "-O", "-G":
		st, ok := info.Sys().(*syscall.Stat_t)
		return ok && (op == "-O" && st.Uid == 0 || op == "-G" && st.Gid == 0)
	}
	return true // -e, and -r and -w, as root may do both
}

// stat looks at a file; nil where there is none. A file without a name isn't there.
func (t *assertion) stat(file string, follow bool) fs.FileInfo {
	if file == "" {
		return nil
	}
	info, err := t.Files().Stat(t.Path(file), follow)
	if err != nil {
		return nil
	}
	return info
}

func (t *assertion) binary(x, op, y string) bool {
	switch op {
	case "=", "==":
		return x == y
	case "!=":
		return x != y
	case "<":
		return x < y
	case ">":
		return x > y
	case "-nt", "-ot", "-ef":
		a, b := t.stat(x, true), t.stat(y, true)
		switch {
		case a == nil || b == nil:
			return false
		case op == "-ef":
			return os.SameFile(a, b)
		case op == "-nt":
			return a.ModTime().After(b.ModTime())
		}
		return b.ModTime().After(a.ModTime())
	}
	a, b := t.number(x), t.number(y)
	return slices.Contains(map[string][]int{"-eq": {0}, "-ne": {-1, 1}, "-ge": {0, 1}, "-gt": {1}, "-le": {-1, 0}, "-lt": {-1}}[op], order(a, b))
}

func (t *assertion) number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(text), "+"), 10, 64)
	if err != nil {
		t.fail("Illegal number: " + text)
	}
	return n
}

// order is -1, 0 or 1.
func order(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
