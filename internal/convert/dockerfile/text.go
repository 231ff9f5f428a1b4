// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// text is the Dockerfile's lines, for what the parser drops: comments, and how an
// instruction is laid out.
type text struct {
	lines []string
	// ends are the last lines of instructions by their first ones.
	ends map[int]int
	// above are the comments above an instruction, by its first line.
	above map[int][]string
	last  int
	// taken are lines whose comments have a place.
	taken map[int]bool
}

func newText(data []byte, ast *parser.Node) *text {
	t := &text{
		lines: strings.Split(string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))), "\n"),
		ends:  map[int]int{}, above: map[int][]string{}, taken: map[int]bool{},
	}
	p := parser.DirectiveParser{}
	directives, _ := p.ParseAll(data) // the parser has read the same lines
	for _, d := range directives {
		t.taken[d.Location[0].Start.Line] = true
	}
	for _, n := range ast.Children {
		start, end := n.StartLine, n.EndLine
		t.ends[start] = end
		t.above[start] = t.comments(t.last+1, start-1)
		t.last = end
	}
	return t
}

// comments are the comment lines from one line to another, without their #.
func (t *text) comments(from, to int) []string {
	var out []string
	for i := max(from, 1); i <= to && i <= len(t.lines); i++ {
		line := strings.TrimSpace(strings.TrimPrefix(t.lines[i-1], "\ufeff"))
		if !strings.HasPrefix(line, "#") || t.taken[i] {
			continue
		}
		out = append(out, strings.TrimSpace(strings.TrimLeft(line, "#")))
	}
	return trimEmpty(out)
}

// trimEmpty drops empty comments at both ends.
func trimEmpty(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return slices.Clip(lines)
}

// of are an instruction's comments: above it, and between its lines, where they are no
// part of a here-document.
func (t *text) of(where []parser.Range) []string {
	start := startLine(where)
	out := slices.Clone(t.above[start])
	delete(t.above, start)
	return append(out, t.inside(start)...)
}

// inside are the comments between an instruction's lines.
func (t *text) inside(start int) []string {
	end, ok := t.ends[start]
	if !ok || strings.Contains(t.line(start), "<<") {
		return nil
	}
	return t.comments(start, end)
}

// line is a line by its number.
func (t *text) line(n int) string {
	if n < 1 || n > len(t.lines) {
		return ""
	}
	return t.lines[n-1]
}

// between are an instruction's lines.
func (t *text) between(start int) []string {
	end, ok := t.ends[start]
	if !ok || start < 1 || end > len(t.lines) {
		return nil
	}
	return t.lines[start-1 : end]
}

// after are the comments below the last instruction.
func (t *text) after() []string { return t.comments(t.last+1, len(t.lines)) }
