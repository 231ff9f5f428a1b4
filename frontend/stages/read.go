// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package stages

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Args are the values that a request for the Dockerfile frontend gives to arguments, by its
// options, and those that are there without a declaration. build is the platform that the
// daemon runs steps on.
func Args(opts map[string]string, build ocispecs.Platform) func(name string) (string, bool) {
	target, err := platforms.Parse(opts["platform"])
	if err != nil {
		target = build
	}
	predefined := map[string]string{}
	for prefix, p := range map[string]ocispecs.Platform{"BUILD": build, "TARGET": target} {
		predefined[prefix+"PLATFORM"] = platforms.Format(p)
		predefined[prefix+"OS"], predefined[prefix+"ARCH"], predefined[prefix+"VARIANT"] = p.OS, p.Architecture, p.Variant
	}
	return func(name string) (string, bool) {
		if value, ok := opts["build-arg:"+name]; ok {
			return value, true
		}
		value, ok := predefined[name]
		return value, ok
	}
}

// Read reads a Dockerfile. What isn't one has no stages: its own frontend says so.
func Read(text []byte, given func(arg string) (string, bool)) *File {
	f := &File{text: text}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return f
	}
	r := &reader{file: f, lex: shell.NewLex(parsed.EscapeToken), given: given, args: map[string]string{}}
	for _, node := range parsed.AST.Children {
		r.read(node)
	}
	return f
}

// reader reads a Dockerfile from its first line to its last.
type reader struct {
	file  *File
	lex   *shell.Lex
	given func(arg string) (string, bool)
	// args are those before the first FROM.
	args map[string]string
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
		for arg := node.Next; arg != nil && len(r.file.stages) == 0; arg = arg.Next {
			r.declare(arg.Value)
		}
	case "from":
		r.from(node)
	case "copy", "add", "run":
		if len(r.file.stages) > 0 {
			r.flags(r.file.stages[len(r.file.stages)-1], node.Flags)
		}
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

func (r *reader) from(node *parser.Node) {
	name := node.Next
	if name == nil {
		return
	}
	s := &stage{from: r.expand(name.Value), node: node}
	s.on = r.file.find(s.from)
	if as := name.Next; as != nil && as.Next != nil && strings.EqualFold(as.Value, "as") {
		s.as = as.Next.Value
	}
	r.file.stages = append(r.file.stages, s)
}

// flags finds --from of COPY, and from of RUN's mounts.
func (r *reader) flags(s *stage, flags []string) {
	for _, flag := range flags {
		name, value, _ := strings.Cut(flag, "=")
		switch name {
		case "--from":
			s.takes = append(s.takes, value)
		case "--mount":
			for field := range strings.SplitSeq(value, ",") {
				if from, ok := strings.CutPrefix(field, "from="); ok {
					s.takes = append(s.takes, r.expand(from))
				}
			}
		}
	}
}

func (r *reader) expand(word string) string {
	text, _, err := r.lex.ProcessWord(word, r)
	if err != nil {
		return word
	}
	return text
}
