// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/llb/spec"
)

// maxText is the greatest length of a name, a path or an address, in bytes.
const maxText = 8 << 10

// maxMessage is the length that an error about a lock is cut at, in bytes.
const maxMessage = 600

// misplaced is an error about a part of a lock. The part is found when it is said, so
// that reading a lock that is right costs nothing.
type misplaced struct {
	// path has keys of maps, as strings, and indices of lists.
	path []any
	err  error
}

func (m *misplaced) Error() string { return m.err.Error() }

func (m *misplaced) Unwrap() error { return m.err }

// in says which part of a lock an error is about, from the outside in.
func in(err error, path ...any) error {
	var inner *misplaced
	if errors.As(err, &inner) {
		path = append(path, inner.path...)
	}
	return &misplaced{path: path, err: err}
}

// yamlLine is how the YAML package says a line.
var yamlLine = regexp.MustCompile(`line ([0-9]+): ([^\n]*?)(?: in type lock\.\w+)?(?:\n|$)`)

// where is an error with its line, as it follows the name of the file.
func where(data []byte, err error) string {
	var root yaml.Node
	known := yaml.Unmarshal(data, &root) == nil
	var m *misplaced
	switch {
	case errors.As(err, &m) && known:
		return fmt.Sprintf(":%d: %s", lineOf(&root, m.path), plain(err.Error()))
	case known:
		// The YAML package repeats a text that it doesn't understand.
		if at, err := badText(&root); err != nil {
			return fmt.Sprintf(":%d: %v", at.Line, err)
		}
	}
	if line, message := spec.YAMLFault(data); !known && line > 0 {
		return fmt.Sprintf(":%d: %s", line, plain(message))
	}
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		return ":" + found[1] + ": " + plain(wrongKind(found[2]))
	}
	return ": " + plain(err.Error())
}

// yamlKind is how the YAML package says that something is of another kind than its place.
var yamlKind = regexp.MustCompile("^cannot unmarshal !!\\w+ (?:(`.*`) )?into ([*\\[\\]]*)(\\w+)")

// wrongKind says what belongs where something else is; other messages are as they were.
func wrongKind(message string) string {
	m := yamlKind.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	wanted := "a map"
	switch {
	case strings.HasPrefix(m[2], "[]"):
		wanted = "a list"
	case m[3] == "string":
		wanted = "a text"
	case strings.HasPrefix(m[3], "int"):
		wanted = "a number"
	case m[3] == "bool":
		wanted = "true or false"
	}
	return cmp.Or(m[1], "something else") + " stands where " + wanted + " belongs"
}

// plain is a message on one line, and not longer than one is read.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxMessage {
		return strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}

// badText finds the first text of a tree that no lock has.
func badText(n *yaml.Node) (*yaml.Node, error) {
	if err := checkString(n.Value); err != nil {
		return n, err
	}
	for _, c := range n.Content {
		if at, err := badText(c); err != nil {
			return at, err
		}
	}
	return nil, nil //nolint:nilnil // there is none
}

// lineOf is the line of the innermost part of a path that is there.
func lineOf(n *yaml.Node, path []any) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	line := n.Line
	for _, step := range path {
		key, next := child(n, step)
		if next == nil {
			break
		}
		line, n = next.Line, next
		if next.Kind == yaml.MappingNode && key != nil {
			line = key.Line // a map begins below its key, or beside it
		}
	}
	return line
}

// child is a node's key and value, or the item of a list; nil if it has none.
func child(n *yaml.Node, step any) (key, value *yaml.Node) {
	switch step := step.(type) {
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i], n.Content[i+1]
			}
		}
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return nil, n.Content[step]
		}
	}
	return nil, nil
}

// checkTexts refuses texts of a document that no lock has: with line breaks or other
// control characters, or longer than any name, path or address.
func checkTexts(doc *document) error { return checkText(reflect.ValueOf(doc).Elem()) }

func checkText(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return checkText(v.Elem())
		}
	case reflect.String:
		return checkString(v.String())
	case reflect.Slice:
		for i := range v.Len() {
			if err := checkText(v.Index(i)); err != nil {
				return in(err, i)
			}
		}
	case reflect.Map:
		for all := v.MapRange(); all.Next(); {
			key := all.Key().String()
			if err := errors.Join(checkString(key), checkText(all.Value())); err != nil {
				return in(err, key)
			}
		}
	case reflect.Struct:
		return checkFields(v)
	default:
	}
	return nil
}

func checkFields(v reflect.Value) error {
	if node, ok := v.Interface().(yaml.Node); ok {
		return checkString(node.Value)
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		if err := checkText(v.Field(i)); err != nil {
			return in(err, name)
		}
	}
	return nil
}

func checkString(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("a text of %d bytes is longer than %d", len(s), maxText)
	}
	if strings.ContainsFunc(s, isControl) {
		return fmt.Errorf("the text %.60q has a line break or another control character", s)
	}
	return nil
}

func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\ufffd' || r == 0x2028 || r == 0x2029
}
