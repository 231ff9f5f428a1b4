// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package stages reads which images the stages of a Dockerfile are made of. The graph is
// made by the daemon's own frontend; that one looks images up by itself, and so has to be
// told before what they are to be.
package stages

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// File is a Dockerfile.
type File struct {
	text   []byte
	stages []*stage
}

// stage is what a line FROM begins.
type stage struct {
	// as is its name, empty for none.
	as string
	// from is what it is made from: the stage with the number on, or an image if that is
	// negative.
	from string
	on   int
	// takes are the stages and images that its instructions take from.
	takes []string
	// node is the line.
	node *parser.Node
}

// scratch is no image.
const scratch = "scratch"

// find is the number of the last stage of that name so far; negative for none.
func (f *File) find(name string) int {
	for i := len(f.stages) - 1; i >= 0; i-- {
		if f.stages[i].as != "" && strings.EqualFold(f.stages[i].as, name) {
			return i
		}
	}
	return -1
}

// Has reports whether a stage has that name.
func (f *File) Has(name string) bool { return f.find(name) >= 0 }

// Images are the images that a stage needs, sorted; an empty name is the last one's. Of a
// stage that isn't there, they are those of all.
func (f *File) Images(target string) []string {
	p := &pass{file: f, seen: make([]bool, len(f.stages)), found: map[string]bool{}}
	at := len(f.stages) - 1
	if target != "" {
		at = f.find(target)
	}
	if at >= 0 {
		p.stage(at)
	} else {
		for i := range f.stages {
			p.stage(i)
		}
	}
	return slices.Sorted(maps.Keys(p.found))
}

// pass goes through the stages that one needs.
type pass struct {
	file  *File
	seen  []bool
	found map[string]bool
}

func (p *pass) stage(i int) {
	if p.seen[i] {
		return
	}
	p.seen[i] = true
	s := p.file.stages[i]
	if s.on >= 0 {
		p.stage(s.on)
	} else {
		p.image(s.from)
	}
	for _, name := range s.takes {
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(p.file.stages) {
			p.stage(n)
		} else if at := p.file.find(name); at >= 0 {
			p.stage(at)
		} else if err != nil {
			p.image(name)
		}
	}
}

func (p *pass) image(name string) {
	if name != "" && name != scratch {
		p.found[name] = true
	}
}

// Pinned is the text with other names for the images that lines FROM name, where there are
// any: of gives them, and nothing for an image that keeps its name. All lines stay where
// they are.
func (f *File) Pinned(of func(image string) string) []byte {
	lines := bytes.SplitAfter(f.text, []byte("\n"))
	for _, s := range f.stages {
		to := of(s.from)
		if s.on >= 0 || to == "" {
			continue
		}
		words := append(append([]string{"FROM"}, s.node.Flags...), to)
		if s.as != "" {
			words = append(words, "AS", s.as)
		}
		first, last := s.node.StartLine-1, s.node.EndLine-1
		for i := first; i <= last; i++ {
			lines[i] = []byte("\n")
		}
		lines[first] = []byte(strings.Join(words, " ") + "\n")
	}
	return bytes.Join(lines, nil)
}
