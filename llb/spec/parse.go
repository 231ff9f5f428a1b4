// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the greatest size of a build file in bytes.
const MaxSize = 1 << 20

// Parse reads a build file. Messages call it by the name given. An error is of
// type [Errors].
func Parse(file string, data []byte) (*Spec, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // which has no column
	f := &faults{file: file}
	s := parse(f, data)
	if err := newErrors(f.list, data); err != nil {
		return nil, err
	}
	return s, nil
}

func parse(f *faults, data []byte) *Spec {
	if !checkBytes(f, data) {
		return nil
	}
	root := loadDocument(f, data)
	if root == nil {
		return nil
	}
	if root.kind == scalarNode && root.null {
		f.add(Range{}, "", "the build file is empty; it needs at least layers, or a from")
		return nil
	}
	doc, _ := documentObject().kind().read(cursor{node: root, faults: f})
	doc.main.Name, doc.main.Range = DefaultTarget, root.span
	s := &Spec{
		File:    f.file,
		Data:    data,
		Syntax:  detectSyntax(data),
		Args:    doc.args,
		Targets: append([]Target{doc.main}, doc.targets...),
	}
	checkReferences(f, s)
	return s
}

// document is the top level of a build file.
type document struct {
	args    []Arg
	main    Target
	targets []Target
}

func documentObject() object[document] {
	target := targetObject()
	keys := []key[document]{
		bind("args", "Build arguments with their defaults; null means that a value must be given.", argsKind(),
			func(d *document) *[]Arg { return &d.args }),
		bind("targets", "Further images, by name.", targetsKind(target),
			func(d *document) *[]Target { return &d.targets }),
	}
	for _, k := range target.keys {
		read := k.read
		keys = append(keys, key[document]{
			name: k.name, doc: k.doc, schema: k.schema,
			read: func(c cursor, d *document) { read(c, &d.main) },
		})
	}
	return object[document]{keys: keys, extensible: true, instead: asDocument}
}

// checkBytes refuses what no YAML parser should see.
func checkBytes(f *faults, data []byte) bool {
	if len(data) > MaxSize {
		f.add(Range{}, "", "has %d bytes; a build file has at most %d", len(data), MaxSize)
		return false
	}
	line, start := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		bad := ""
		switch {
		case r == utf8.RuneError && size <= 1:
			bad = "is not UTF-8 text"
		case r == 0:
			bad = "has a NUL character: it is not a text file"
		case r == '\r' && !bytes.HasPrefix(data[i+1:], []byte("\n")), r == 0x85, r == 0x2028, r == 0x2029:
			bad = fmt.Sprintf("has the line separator %U; lines end in LF or CR LF", r)
		case !isText(r):
			bad = fmt.Sprintf("has the control character %U: it is not a text file", r)
		}
		if bad != "" {
			pos := Pos{line, utf8.RuneCount(data[start:i]) + 1}
			f.add(Range{pos, pos}, "", "%s", bad)
			return false
		}
		i += size
		if r == '\n' {
			line, start = line+1, i
		}
	}
	return true
}

// isText reports whether YAML allows a character.
func isText(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || r == 0xFEFF:
		return true
	case r < 0x20 || r >= 0x7F && r < 0xA0 || r == 0xFFFE || r == 0xFFFF:
		return false
	}
	return true
}

// loadDocument reads the only document of a YAML stream.
func loadDocument(f *faults, data []byte) *node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	err := decoder.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		return &node{null: true}
	case err != nil:
		f.list = append(f.list, syntaxError(f.file, data, err))
		return nil
	}
	src := newSource(data)
	err = decoder.Decode(&next)
	switch {
	case err == nil:
		at := Pos{next.Line, max(next.Column, 1)}
		f.add(Range{at, at}, "", "a second document starts here; a build file is one")
		return nil
	case !errors.Is(err, io.EOF):
		f.list = append(f.list, syntaxError(f.file, data, err))
		return nil
	}
	l := &loader{src: src, faults: f, done: make(map[*yaml.Node]*node), open: make(map[*yaml.Node]bool)}
	return l.load(doc.Content[0])
}

// detectSyntax reads the "# syntax=" line among the directives that a build
// file starts with, as BuildKit does.
func detectSyntax(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	directive := regexp.MustCompile(`^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$`)
	for n := 1; len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if n == 1 && bytes.HasPrefix(line, []byte("#!")) {
			continue
		}
		m := directive.FindSubmatch(line)
		if m == nil {
			return ""
		}
		if strings.EqualFold(string(m[1]), "syntax") {
			return string(m[2])
		}
	}
	return ""
}
