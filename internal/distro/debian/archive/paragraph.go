// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Paragraph is the fields of one thing in Debian's control syntax, in their
// order.
type Paragraph []Field

// A Field is a name and a value. The value's further lines begin with the blank
// that makes them so.
type Field struct{ Name, Value string }

// Get returns the value of a field, empty if there is none.
func (p Paragraph) Get(name string) string {
	for _, f := range p {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
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

// ParseParagraphs reads paragraphs with empty lines between them.
func ParseParagraphs(text string) ([]Paragraph, error) {
	var all []Paragraph
	var p Paragraph
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		if strings.Trim(line, " \t\r") == "" {
			if p != nil {
				all, p = append(all, p), nil
			}
			continue
		}
		var err error
		if p, err = p.line(line); err != nil {
			return nil, fmt.Errorf("read control fields: line %d: %w", number, err)
		}
	}
	if p != nil {
		all = append(all, p)
	}
	return all, nil
}

// line adds a line to the paragraph.
func (p Paragraph) line(line string) (Paragraph, error) {
	if line[0] == ' ' || line[0] == '\t' {
		if len(p) == 0 {
			return nil, errors.New("a value goes on before any field")
		}
		p[len(p)-1].Value += "\n" + strings.TrimRight(line, " \t\r")
		return p, nil
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isFieldName(name) {
		return nil, fmt.Errorf("%q is no field", line)
	}
	if slices.ContainsFunc(p, func(f Field) bool { return strings.EqualFold(f.Name, name) }) {
		return nil, fmt.Errorf("field %s is there twice", name)
	}
	return append(p, Field{Name: name, Value: strings.Trim(value, " \t\r")}), nil
}

func isFieldName(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return name != "" && name[0] != '#' && name[0] != '-'
}
