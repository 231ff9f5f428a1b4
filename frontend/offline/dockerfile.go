// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// dockerfileImages are the images that a Dockerfile names, sorted. What isn't a Dockerfile
// has none: its own frontend says so.
func dockerfileImages(data []byte, given func(arg string) (string, bool)) []string {
	parsed, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	r := &reader{lex: shell.NewLex(parsed.EscapeToken), given: given, args: map[string]string{}, stages: map[string]bool{"scratch": true}, found: map[string]bool{}}
	for _, node := range parsed.AST.Children {
		r.read(node)
	}
	return slices.Sorted(maps.Keys(r.found))
}

// reader reads a Dockerfile from its first line to its last.
type reader struct {
	lex   *shell.Lex
	given func(arg string) (string, bool)
	// args are those before the first FROM.
	args map[string]string
	// stages are what FROM has named so far.
	stages map[string]bool
	begun  bool
	found  map[string]bool
}

// Get is the value of an argument.
func (r *reader) Get(name string) (string, bool) {
	if value, ok := r.args[name]; ok {
		return value, true
	}
	return r.given(name)
}

// Keys are the names of the arguments.
func (r *reader) Keys() []string { return slices.Sorted(maps.Keys(r.args)) }

func (r *reader) read(node *parser.Node) {
	switch strings.ToLower(node.Value) {
	case "arg":
		for arg := node.Next; arg != nil && !r.begun; arg = arg.Next {
			r.declare(arg.Value)
		}
	case "from":
		r.begun = true
		r.from(node.Next)
	case "copy", "add", "run":
		r.flags(node.Flags)
	}
}

// declare takes an argument with its default.
func (r *reader) declare(text string) {
	name, value, has := strings.Cut(text, "=")
	if given, ok := r.given(name); ok {
		r.args[name] = given
	} else if has {
		r.args[name] = r.expand(value)
	}
}

func (r *reader) from(name *parser.Node) {
	if name == nil {
		return
	}
	r.image(r.expand(name.Value))
	if as := name.Next; as != nil && as.Next != nil && strings.EqualFold(as.Value, "as") {
		r.stages[strings.ToLower(as.Next.Value)] = true
	}
}

// flags finds --from of COPY, and from of RUN's mounts.
func (r *reader) flags(flags []string) {
	for _, flag := range flags {
		name, value, _ := strings.Cut(flag, "=")
		switch name {
		case "--from":
			r.image(value)
		case "--mount":
			for field := range strings.SplitSeq(value, ",") {
				if from, ok := strings.CutPrefix(field, "from="); ok {
					r.image(r.expand(from))
				}
			}
		}
	}
}

// image takes the name of an image, unless a stage has it, by name or number.
func (r *reader) image(name string) {
	_, err := strconv.Atoi(name)
	if name != "" && err != nil && !r.stages[strings.ToLower(name)] {
		r.found[name] = true
	}
}

func (r *reader) expand(word string) string {
	text, _, err := r.lex.ProcessWord(word, r)
	if err != nil {
		return word
	}
	return text
}
