// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package definition is what converters of image definitions in YAML share: maps of which
// no key is passed over in silence, and how archives of packages, accounts and the name
// of a system are written in a build file.
package definition

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/llb/spec"
)

// maxSize is how many bytes a definition may have.
const maxSize = 1 << 20

// Document is a definition that is being read.
type Document struct {
	report.Notes
	// Top is the map at the top.
	Top  *Map
	maps []*Map
}

// Parse reads a definition. An error that has a line is a [report.LineError].
func Parse(data []byte) (*Document, error) { return ParseWith(data, nil) }

// ParseWith is Parse with something to be done to the map at the top first, unless it is
// nil.
func ParseWith(data []byte, first func(top *yaml.Node) error) (*Document, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("it has more than %d bytes", maxSize)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, located(data, err)
	}
	d := &Document{}
	if len(root.Content) == 0 || resolved(root.Content[0]).Kind != yaml.MappingNode {
		return nil, errors.New("it is no map")
	}
	if first != nil {
		if err := first(root.Content[0]); err != nil {
			return nil, err
		}
	}
	d.Top = d.open("", root.Content[0])
	return d, nil
}

// located gives an error about a text the line of its fault.
func located(data []byte, err error) error {
	line, message := spec.YAMLFault(data)
	if line == 0 {
		return fmt.Errorf("read the definition: %w", err)
	}
	return &report.LineError{Line: line, Err: errors.New(message)}
}

// resolved is what an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// Untaken reports every key that nothing asked for.
func (d *Document) Untaken() {
	for _, m := range d.maps {
		for _, p := range m.pairs {
			if !p.taken {
				d.Add(p.key.Line, report.Lost, "%s: the build file has no such key", m.at(p.key.Value))
			}
		}
	}
}

// Map is a map of a definition. A nil one is empty.
type Map struct {
	doc   *Document
	path  string
	line  int
	pairs []*pair
	// byKey are the same by their keys.
	byKey map[string]*pair
}

type pair struct {
	key, value *yaml.Node
	taken      bool
}

func (d *Document) open(path string, n *yaml.Node) *Map {
	n = resolved(n)
	m := &Map{doc: d, path: path, line: n.Line, byKey: map[string]*pair{}}
	d.maps = append(d.maps, m)
	m.add(n, map[*yaml.Node]bool{})
	return m
}

// add adds the keys of a node. Those that come by << come last, wherever it stands, and
// replace no others. A node that was added before has nothing new.
func (m *Map) add(n *yaml.Node, seen map[*yaml.Node]bool) {
	if seen[n] {
		return
	}
	own := len(seen) == 0
	seen[n] = true
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolved(n.Content[i]), resolved(n.Content[i+1])
		switch before := m.find(key.Value); {
		case key.Tag == "!!merge" && isMerged(value):
			merged = append(merged, value)
		case before == nil:
			one := &pair{key: key, value: value}
			m.pairs, m.byKey[key.Value] = append(m.pairs, one), one
		case own:
			m.doc.Add(key.Line, report.Lost, "%s: it is there already, in line %d, which counts", m.at(key.Value), before.key.Line)
		}
	}
	for _, value := range merged {
		if value.Kind == yaml.MappingNode {
			m.add(value, seen)
			continue
		}
		for _, one := range value.Content {
			m.add(resolved(one), seen)
		}
	}
}

// isMerged reports whether a value is what << takes: a map, or a list of maps.
func isMerged(n *yaml.Node) bool {
	if n.Kind == yaml.SequenceNode {
		return !slices.ContainsFunc(n.Content, func(one *yaml.Node) bool { return resolved(one).Kind != yaml.MappingNode })
	}
	return n.Kind == yaml.MappingNode
}

func (m *Map) find(key string) *pair {
	if m == nil {
		return nil
	}
	return m.byKey[key]
}

// take is the value of a key, which counts as looked at; nil if there is none.
func (m *Map) take(key string) *yaml.Node {
	p := m.find(key)
	if p == nil {
		return nil
	}
	p.taken = true
	if p.value.Tag == "!!null" {
		return nil
	}
	return p.value
}

// Has reports whether there is a key.
func (m *Map) Has(key string) bool { return m.find(key) != nil }

// Line is where a key stands, or else the map.
func (m *Map) Line(key string) int {
	if p := m.find(key); p != nil {
		return p.key.Line
	}
	if m == nil {
		return 0
	}
	return m.line
}

// Path is the name of a key with those of the maps above it.
func (m *Map) at(key string) string { return strings.TrimPrefix(m.path+"."+key, ".") }

// Lost tells of a key that a build file can't say.
func (m *Map) Lost(key, format string, args ...any) {
	if m.take(key) != nil {
		m.doc.Add(m.Line(key), report.Lost, "%s: %s", m.at(key), fmt.Sprintf(format, args...))
	}
}

// Changed tells of a key that is written in another way.
func (m *Map) Changed(key, format string, args ...any) {
	m.doc.Add(m.Line(key), report.Changed, "%s: %s", m.at(key), fmt.Sprintf(format, args...))
}

// Doubt tells of a key of which it isn't certain what it means.
func (m *Map) Doubt(key, format string, args ...any) {
	m.doc.Add(m.Line(key), report.Doubt, "%s: %s", m.at(key), fmt.Sprintf(format, args...))
}

// wrong tells of a value of another kind than the key has.
func (m *Map) wrong(key, want string) {
	m.doc.Add(m.Line(key), report.Lost, "%s: it is not %s", m.at(key), want)
}

// Text is the text of a key, or empty.
func (m *Map) Text(key string) string {
	n := m.take(key)
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		m.wrong(key, "a text")
		return ""
	}
	return n.Value
}

// Number is the number of a key as YAML reads it, so that 0o10 and 010 are 8; false if
// there is none.
func (m *Map) Number(key string) (uint32, bool) {
	text := m.Text(key)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		m.wrong(key, "a number")
		return 0, false
	}
	return uint32(n), true
}

// Decimal is the number of a key as build files have it, or empty.
func (m *Map) Decimal(key string) string {
	n, ok := m.Number(key)
	if !ok {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

// Flag reports whether a key is true.
func (m *Map) Flag(key string) bool {
	text := m.Text(key)
	if text != "" && text != "true" && text != "false" {
		m.wrong(key, "true or false")
	}
	return text == "true"
}

// Texts are the texts of a list; nil if there is no such key.
func (m *Map) Texts(key string) []string {
	n := m.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		m.wrong(key, "a list")
		return nil
	}
	out := []string{}
	for _, c := range n.Content {
		if c = resolved(c); c.Kind != yaml.ScalarNode {
			m.wrong(key, "a list of texts")
			continue
		}
		out = append(out, c.Value)
	}
	return out
}

// Map is the map of a key, or nil.
func (m *Map) Map(key string) *Map {
	n := m.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		m.wrong(key, "a map")
		return nil
	}
	return m.doc.open(m.at(key), n)
}

// Maps are the maps of a list.
func (m *Map) Maps(key string) []*Map {
	n := m.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		m.wrong(key, "a list")
		return nil
	}
	var out []*Map
	for _, c := range n.Content {
		if c = resolved(c); c.Kind != yaml.MappingNode {
			m.wrong(key, "a list of maps")
			continue
		}
		out = append(out, m.doc.open(m.at(key), c))
	}
	return out
}

// Pairs are the names and texts of a map.
func (m *Map) Pairs(key string) []draft.Pair {
	return m.Map(key).AsPairs()
}

// Raw is the text of a key with everything below it, as a person reads it.
func (m *Map) Raw(key string) []string {
	n := m.take(key)
	if n == nil {
		return nil
	}
	text, err := yaml.Marshal(n)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}

// AsPairs are all names and texts of the map.
func (m *Map) AsPairs() []draft.Pair {
	if m == nil {
		return nil
	}
	var out []draft.Pair
	for _, p := range m.pairs {
		out = append(out, draft.Pair{Name: p.key.Value, Value: m.Text(p.key.Value)})
	}
	return out
}

// Ignore says of a map that all in it is told elsewhere.
func (m *Map) Ignore() {
	if m == nil {
		return
	}
	for _, p := range m.pairs {
		p.taken = true
	}
}

// Keys are the names of all keys.
func (m *Map) Keys() []string {
	var out []string
	for _, p := range m.pairs {
		out = append(out, p.key.Value)
	}
	return out
}

// Unread are the keys that nothing asked for.
func (m *Map) Unread() []string {
	var out []string
	for _, p := range m.pairs {
		if !p.taken {
			out = append(out, p.key.Value)
		}
	}
	return out
}

// List is a list of texts, or the one text that stands in its place.
func (m *Map) List(key string) []string {
	if p := m.find(key); p != nil && p.value.Kind == yaml.ScalarNode {
		if text := m.Text(key); text != "" {
			return []string{text}
		}
		return nil
	}
	return m.Texts(key)
}
