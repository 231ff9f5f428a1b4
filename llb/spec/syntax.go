// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// syntaxError makes a fault with a place of YAML's message, which names a line
// at best.
func syntaxError(file string, data []byte, err error) *Error {
	line, message := YAMLFault(data)
	if message == "" { // not of the first document, whose lines it counts
		message = strings.TrimPrefix(err.Error(), "yaml: ")
	}
	e := &Error{File: file, Message: "YAML syntax: " + message, cause: err}
	if m := regexp.MustCompile(`^unknown anchor '(.*)' referenced$`).FindStringSubmatch(message); m != nil {
		e.Message = fmt.Sprintf("the alias *%s has no anchor", m[1])
		e.Range.Start = findAlias(data, m[1])
		e.Range.End = e.Range.Start
		return e
	}
	line = max(min(line, bytes.Count(data, []byte("\n"))+1), 1)
	text := lineText(data, line)
	at := len(text) - len(strings.TrimLeft(text, " \t"))
	switch {
	case strings.Contains(text, "\t") && strings.Contains(message, "cannot start any token"):
		e.Hint = "YAML is indented with spaces, not tabs"
		at = strings.Index(text, "\t")
	case strings.Contains(message, "alphabetic or numeric character"):
		if m := regexp.MustCompile(`(?:^|[\s\[{,:-])([*&][^\s,\]}]*)`).FindStringSubmatchIndex(text); m != nil {
			at = m[2]
			e.Hint = fmt.Sprintf("text that begins with %s stands in quotes: %.40q", text[at:at+1], text[at:m[3]])
		}
	}
	e.Range.Start = Pos{line, utf8.RuneCountInString(text[:at]) + 1}
	e.Range.End = e.Range.Start
	return e
}

// YAMLFault returns what YAML says of a text that it can't read, without the line, and the
// line of the fault: 0 where it names none. The message is empty for a text that it can read.
func YAMLFault(data []byte) (line int, message string) {
	line, message = yamlMessage(data)
	if len(data) <= MaxSize && (message == "did not find expected key" || message == "did not find expected '-' indicator") {
		// It names the line where the map, or the list, begins that has the fault somewhere: the
		// fault is at the end of the shortest text that has it.
		ends := lineEnds(data)
		line = 1 + sort.Search(len(ends), func(i int) bool {
			_, same := yamlMessage(data[:ends[i]])
			return same == message
		})
	}
	return line, message
}

// yamlMessage is what YAML's parser says of a text, and the line that it names. Its scanner
// counts lines from 1, the rest of it from 0, and no message has the first line: so the
// text gets one more.
func yamlMessage(data []byte) (line int, message string) {
	text := append([]byte("\n"), bytes.TrimPrefix(data, []byte("\uFEFF"))...)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var err error
	for range 2 { // a build file is one document, and the next one is an error
		if err = decoder.Decode(new(yaml.Node)); err != nil {
			break
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		return 0, ""
	}
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
		if !isOfParser(message) {
			line--
		}
	}
	return line, message
}

// isOfParser reports whether a message is of YAML's parser, and not of its scanner.
func isOfParser(message string) bool {
	what, ok := strings.CutPrefix(message, "did not find expected ")
	if !ok {
		return strings.HasPrefix(message, "found undefined tag handle") || strings.HasPrefix(message, "found duplicate %") || message == "found incompatible YAML document"
	}
	switch what {
	case "<stream-start>", "<document start>", "node content", "key", "'-' indicator", "',' or ']'", "',' or '}'":
		return true
	}
	return false
}

// lineEnds are where the lines of a text end.
func lineEnds(data []byte) []int {
	var ends []int
	for i, b := range data {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	return append(ends, len(data))
}

func lineText(data []byte, line int) string {
	for n := 1; len(data) > 0; n++ {
		text, rest, _ := bytes.Cut(data, []byte("\n"))
		if n == line {
			return string(text)
		}
		data = rest
	}
	return ""
}

// findAlias returns the place of the first alias of a name, as far as a look at the text
// tells: not in a comment, nor in a word.
func findAlias(data []byte, name string) Pos {
	alias := regexp.MustCompile(`(?:^|[\s\[{,:-])(\*` + regexp.QuoteMeta(name) + `)(?:[\s,\]}:?]|$)`)
	comment := regexp.MustCompile(`(?:^|\s)#`)
	number := 0
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		number++
		if m := alias.FindSubmatchIndex(line); m != nil && !comment.Match(line[:m[2]]) {
			return Pos{number, utf8.RuneCount(line[:m[2]]) + 1}
		}
	}
	return Pos{1, 1}
}
