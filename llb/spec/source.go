// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// source is the text of a build file by lines, to tell where a node ends: YAML's
// own nodes know only where they start.
type source struct {
	lines []string
	ends  map[*yaml.Node]Pos
	// last is the line that runes were asked of last: one line may hold all of
	// a build file.
	last      int
	lastRunes []rune
}

func newSource(data []byte) *source {
	s := &source{ends: make(map[*yaml.Node]Pos)}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		s.lines = append(s.lines, strings.TrimSuffix(string(line), "\r"))
	}
	return s
}

// runes returns the characters of a line.
func (s *source) runes(line int) []rune {
	if s.last != line {
		s.last, s.lastRunes = line, []rune(s.lines[line-1])
	}
	return s.lastRunes
}

// end returns the place of the last character of a node. Closing brackets are
// left out.
func (s *source) end(y *yaml.Node) Pos {
	if end, ok := s.ends[y]; ok {
		return end
	}
	var end Pos
	switch {
	case y.Kind == yaml.ScalarNode:
		end = s.scalarEnd(y)
	case y.Kind == yaml.AliasNode:
		end = Pos{y.Line, y.Column + utf8.RuneCountInString(y.Value)}
	case len(y.Content) > 0:
		end = s.end(y.Content[len(y.Content)-1])
	default:
		end = Pos{y.Line, y.Column + 1}
	}
	if start := (Pos{y.Line, y.Column}); comparePos(end, start) < 0 {
		end = start
	}
	s.ends[y] = end
	return end
}

func (s *source) scalarEnd(y *yaml.Node) Pos {
	if y.Line < 1 || y.Line > len(s.lines) {
		return Pos{y.Line, y.Column}
	}
	switch {
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		if isBlank(y.Value) { // what is below is of another one
			return Pos{y.Line, max(utf8.RuneCountInString(s.lines[y.Line-1]), 1)}
		}
		return s.blockEnd(y.Line)
	case y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return s.quotedEnd(y)
	case strings.ContainsAny(y.Value, " \n"):
		return s.foldedEnd(y)
	}
	return Pos{y.Line, y.Column + max(utf8.RuneCountInString(y.Value), 1) - 1}
}

// blockEnd finds the last line of a block scalar whose header is on a line: the
// lines that are indented at least as far as the first one that is not blank.
func (s *source) blockEnd(header int) Pos {
	last, indent := header, -1
	for n := header + 1; n <= len(s.lines); n++ {
		line := s.lines[n-1]
		text := strings.TrimLeft(line, " ")
		if text == "" {
			continue
		}
		if indent < 0 {
			indent = len(line) - len(text)
		}
		if indent == 0 || len(line)-len(text) < indent {
			break
		}
		last = n
	}
	return Pos{last, max(utf8.RuneCountInString(s.lines[last-1]), 1)}
}

// quotedEnd finds the closing quote. A scalar with an anchor or a tag before the
// quote ends where it starts.
func (s *source) quotedEnd(y *yaml.Node) Pos {
	if first := s.runes(y.Line); y.Column > len(first) || first[y.Column-1] != '"' && first[y.Column-1] != '\'' {
		return Pos{y.Line, y.Column}
	}
	line, column := y.Line, y.Column+1
	double := y.Style&yaml.DoubleQuotedStyle != 0
	for ; line <= len(s.lines); line, column = line+1, 1 {
		runes := s.runes(line)
		for ; column <= len(runes); column++ {
			switch r := runes[column-1]; {
			case double && r == '\\':
				column++
			case double && r == '"':
				return Pos{line, column}
			case !double && r == '\'':
				if column < len(runes) && runes[column] == '\'' {
					column++
					continue
				}
				return Pos{line, column}
			}
		}
	}
	return Pos{y.Line, y.Column}
}

// foldedEnd finds the end of a plain scalar, which may run over several lines:
// its words are in the text as they are in the value.
func (s *source) foldedEnd(y *yaml.Node) Pos {
	line := y.Line
	runes := s.runes(line)
	column := y.Column - 1 // of the next character, from 0
	end := Pos{y.Line, y.Column}
	for _, word := range strings.Fields(y.Value) {
		want := []rune(word)
		for column+len(want) > len(runes) || string(runes[column:column+len(want)]) != word {
			column++
			if column+len(want) <= len(runes) {
				continue
			}
			if line++; line > len(s.lines) {
				return end
			}
			runes, column = s.runes(line), 0
		}
		column += len(want)
		end = Pos{line, column}
	}
	return end
}
