// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Field is one "Name: value" of a paragraph. Further lines of the value follow
// a line break and begin with the blank that makes them so.
type Field struct {
	Name  string
	Value string
	Line  int `json:"-"` // of the name, counted from 1; 0 if it wasn't read
}

// A Paragraph is the fields of one thing, in their order. Upper and lower case
// of their names don't differ.
type Paragraph []Field

// Lookup returns a field by its name.
func (p Paragraph) Lookup(name string) (Field, bool) {
	for _, f := range p {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return Field{}, false
}

// Get returns the value of a field, "" when it is missing.
func (p Paragraph) Get(name string) string {
	f, _ := p.Lookup(name)
	return f.Value
}

// Set changes a field, or adds it at the end.
func (p Paragraph) Set(name, value string) Paragraph {
	for i, f := range p {
		if strings.EqualFold(f.Name, name) {
			p[i].Value = value
			return p
		}
	}
	return append(p, Field{Name: name, Value: value})
}

// Without leaves fields out.
func (p Paragraph) Without(names ...string) Paragraph {
	return slices.DeleteFunc(slices.Clone(p), func(f Field) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(f.Name, name) })
	})
}

// Line is the line of the first field, counted from 1.
func (p Paragraph) Line() int {
	if len(p) == 0 {
		return 0
	}
	return p[0].Line
}

// String is the paragraph as a file has it, without the empty line after it.
func (p Paragraph) String() string {
	var b strings.Builder
	for _, f := range p {
		b.WriteString(f.Name + ":")
		if f.Value != "" && f.Value[0] != '\n' {
			b.WriteByte(' ')
		}
		b.WriteString(f.Value + "\n")
	}
	return b.String()
}

// maxFields limits the fields of a paragraph, among which one is looked for. The
// longest of real ones have some fifty.
const maxFields = 1000

// A SyntaxError is a line that does not belong into its file.
type SyntaxError struct {
	File   string // may be empty
	Line   int    // counted from 1
	Reason string
}

// Error names the file, the line and the reason.
func (e *SyntaxError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// A Reader reads the paragraphs of a text one by one.
type Reader struct {
	file    string
	scanner Scanner
	line    int // of the byte at counted
	counted int
}

// NewReader reads a text; file stands for it in errors.
func NewReader(file, text string) *Reader {
	return &Reader{file: file, scanner: Scanner{Text: text}, line: 1}
}

// Next returns the next paragraph, or io.EOF. What does not parse is a
// SyntaxError.
func (r *Reader) Next() (Paragraph, error) {
	r.scanner.SkipEmpty()
	var p Paragraph
	seen := map[string]bool{}
	for {
		name, value, ok := r.scanner.Next()
		if ok && name == "" {
			break
		}
		r.line += strings.Count(r.scanner.Text[r.counted:r.scanner.Start], "\n")
		r.counted = r.scanner.Start
		key := strings.ToLower(name)
		switch {
		case !ok && len(p) == 0 && (value[0] == ' ' || value[0] == '\t'):
			return nil, r.fail("a continued line without a field before it")
		case !ok:
			return nil, r.fail("%.60q is not a field: expected \"Name: value\"", value)
		case seen[key]:
			return nil, r.fail("the field %s stands twice in its paragraph", name)
		case len(p) == maxFields:
			return nil, r.fail("the paragraph has more than %d fields", maxFields)
		}
		seen[key] = true
		p = append(p, Field{Name: name, Value: r.scanner.tidy(value), Line: r.line})
	}
	if p == nil {
		return nil, io.EOF
	}
	return p, nil
}

func (r *Reader) fail(format string, args ...any) error {
	return &SyntaxError{File: r.file, Line: r.line, Reason: fmt.Sprintf(format, args...)}
}

func (r *Reader) all() ([]Paragraph, error) {
	var all []Paragraph
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// ReadConfig reads the paragraphs of a file of apt's configuration, in which
// lines that start with # don't count. The file's name stands in errors.
func ReadConfig(file string, content []byte) ([]Paragraph, error) {
	r := NewReader(file, string(content))
	r.scanner.Comments = true
	return r.all()
}

// ParseParagraphs reads paragraphs with empty lines between them.
func ParseParagraphs(text string) ([]Paragraph, error) {
	all, err := NewReader("", text).all()
	if err != nil {
		return nil, fmt.Errorf("read control fields: %w", err)
	}
	return all, nil
}

// ParseParagraph reads text that is one paragraph.
func ParseParagraph(text string) (Paragraph, error) {
	all, err := ParseParagraphs(text)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("read control fields: want one paragraph, got %d", len(all))
	}
	return all[0], nil
}
