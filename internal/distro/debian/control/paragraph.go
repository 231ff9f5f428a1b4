// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Field is one "Name: value" of a paragraph. Each further line of the value
// follows a line break, without the blank that marks it as a continuation.
type Field struct {
	Name  string
	Value string
	Line  int // of the name, counted from 1
}

// A Paragraph is a block of fields, ended by an empty line.
type Paragraph struct {
	Line   int // of its first field, counted from 1
	Fields []Field
}

// Lookup returns a field by its name; upper and lower case do not differ.
func (p *Paragraph) Lookup(name string) (Field, bool) {
	for _, f := range p.Fields {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return Field{}, false
}

// Get returns the value of a field, "" when it is missing.
func (p *Paragraph) Get(name string) string {
	f, _ := p.Lookup(name)
	return f.Value
}

// ParagraphOptions bound what a reader takes from somebody else. The zero
// value has the limits below and knows no comments.
type ParagraphOptions struct {
	Comments     bool // lines that start with # do not count
	MaxLine      int  // bytes of a line, default 4 MiB
	MaxParagraph int  // bytes of a paragraph, default 16 MiB
	MaxFields    int  // fields of a paragraph, default 1000
}

// A ParagraphReader reads paragraphs of the format that dpkg calls deb822, one
// by one.
type ParagraphReader struct {
	name string
	in   *bufio.Reader
	opts ParagraphOptions
	line int
}

// A SyntaxError is a line that does not belong into its file.
type SyntaxError struct {
	File   string
	Line   int // counted from 1
	Reason string
}

// Error names the file, the line and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// NewParagraphReader reads from r; name stands for it in errors.
func NewParagraphReader(name string, r io.Reader, opts ParagraphOptions) *ParagraphReader {
	if opts.MaxLine <= 0 {
		opts.MaxLine = 4 << 20
	}
	if opts.MaxParagraph <= 0 {
		opts.MaxParagraph = 16 << 20
	}
	if opts.MaxFields <= 0 {
		opts.MaxFields = 1000
	}
	return &ParagraphReader{name: name, in: bufio.NewReader(r), opts: opts}
}

// ReadParagraphs reads all paragraphs of a small file.
func ReadParagraphs(name string, r io.Reader, opts ParagraphOptions) ([]*Paragraph, error) {
	reader := NewParagraphReader(name, r, opts)
	var all []*Paragraph
	for {
		p, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// Next returns the next paragraph, or io.EOF. What does not parse is a
// SyntaxError.
func (r *ParagraphReader) Next() (*Paragraph, error) {
	var p *Paragraph
	size := 0
	for {
		line, err := r.readLine()
		if errors.Is(err, io.EOF) {
			if p == nil {
				return nil, io.EOF
			}
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(line, "#") && r.opts.Comments {
			continue
		}
		if strings.TrimSpace(line) == "" {
			if p == nil {
				continue
			}
			return p, nil
		}
		if p == nil {
			p = &Paragraph{Line: r.line}
		}
		if size += len(line) + 1; size > r.opts.MaxParagraph {
			return nil, r.fail("the paragraph is longer than %d bytes", r.opts.MaxParagraph)
		}
		if err := r.add(p, line); err != nil {
			return nil, err
		}
	}
}

// readLine returns the next line without its end.
func (r *ParagraphReader) readLine() (string, error) {
	var whole []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if len(whole)+len(part) > r.opts.MaxLine {
			r.line++
			return "", r.fail("the line is longer than %d bytes", r.opts.MaxLine)
		}
		if err == nil || (errors.Is(err, io.EOF) && len(whole)+len(part) > 0) {
			r.line++
			whole = append(whole, part...)
			return strings.TrimSuffix(strings.TrimSuffix(string(whole), "\n"), "\r"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
		whole = append(whole, part...)
	}
}

// add puts a line into the paragraph: a field, or more of the one before.
func (r *ParagraphReader) add(p *Paragraph, line string) error {
	if line[0] == ' ' || line[0] == '\t' {
		if len(p.Fields) == 0 {
			return r.fail("a continued line without a field before it")
		}
		last := &p.Fields[len(p.Fields)-1]
		last.Value += "\n" + strings.TrimRight(line[1:], " \t")
		return nil
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok || !validFieldName(name) {
		return r.fail("%.60q is no field: expected \"Name: value\"", line)
	}
	if _, twice := p.Lookup(name); twice {
		return r.fail("the field %s stands twice in its paragraph", name)
	}
	if len(p.Fields) == r.opts.MaxFields {
		return r.fail("the paragraph has more than %d fields", r.opts.MaxFields)
	}
	p.Fields = append(p.Fields, Field{Name: name, Value: strings.Trim(value, " \t"), Line: r.line})
	return nil
}

func (r *ParagraphReader) fail(format string, args ...any) error {
	return &SyntaxError{File: r.name, Line: r.line, Reason: fmt.Sprintf(format, args...)}
}

// validFieldName allows printable ASCII but the colon, and no - or # first.
func validFieldName(name string) bool {
	if name == "" || name[0] == '-' || name[0] == '#' {
		return false
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return true
}
