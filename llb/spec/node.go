// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxNodes is how many values a build file may have once its aliases are
	// written out.
	maxNodes = 200_000
	// maxDepth is how deep its values may be nested.
	maxDepth = 64
)

type nodeKind int

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
)

// node is a YAML value with its aliases resolved and its merge keys written
// out. An anchored value that is used twice is one node with two parents.
type node struct {
	kind nodeKind
	// text is the scalar as it was written; null says that it is YAML's null.
	text  string
	null  bool
	span  Range
	items []*node
	pairs []pair
	// size counts the values in the node, itself included.
	size int
	// depth is the greatest number of collections inside each other.
	depth int
}

type pair struct {
	key, value *node
}

// found names what a node is, for "want …, found …".
func (n *node) found() string {
	switch {
	case n.kind == listNode:
		return "a list"
	case n.kind == mapNode:
		return "a map"
	case n.null:
		return "nothing"
	}
	return "a string"
}

// lookup returns the key and the value of that name, or nils.
func (n *node) lookup(name string) (key, value *node) {
	for _, p := range n.pairs {
		if p.key.text == name {
			return p.key, p.value
		}
	}
	return nil, nil
}

// loader turns YAML's nodes into ours.
type loader struct {
	src    *source
	faults *faults
	done   map[*yaml.Node]*node
	open   map[*yaml.Node]bool
	pairs  int
}

// load returns the node, or nil when it has a fault, which has been noted.
func (l *loader) load(y *yaml.Node) *node {
	if y.Kind == yaml.AliasNode {
		if l.open[y.Alias] {
			l.faults.add(l.span(y), "", "the alias *%s stands inside the value that it names", y.Value)
			return nil
		}
		return l.load(y.Alias)
	}
	if n, ok := l.done[y]; ok {
		return n
	}
	if len(l.open) >= maxDepth {
		l.faults.add(l.span(y), "", "nested too deeply: more than %d levels", maxDepth)
		return nil
	}
	l.open[y] = true
	n := l.loadValue(y)
	delete(l.open, y)
	if n != nil && !l.within(y, n) {
		n = nil
	}
	l.done[y] = n
	return n
}

// within holds the limits, which aliases can break in a few lines.
func (l *loader) within(y *yaml.Node, n *node) bool {
	switch {
	case n.size > maxNodes || l.pairs > maxNodes:
		l.faults.add(l.span(y), "", "too many values: more than %d once the aliases are written out", maxNodes)
	case n.depth > maxDepth:
		l.faults.add(l.span(y), "", "nested too deeply: more than %d levels once the aliases are written out", maxDepth)
	default:
		return true
	}
	return false
}

func (l *loader) loadValue(y *yaml.Node) *node {
	if !l.tagAllowed(y) {
		return nil
	}
	n := &node{span: l.span(y), size: 1}
	switch y.Kind {
	case yaml.ScalarNode:
		n.text = y.Value
		n.null = y.ShortTag() == "!!null"
		return n
	case yaml.SequenceNode:
		return l.loadList(n, y)
	case yaml.MappingNode:
		return l.loadMap(n, y)
	}
	l.faults.add(l.span(y), "", "unexpected YAML node")
	return nil
}

func (l *loader) loadList(n *node, y *yaml.Node) *node {
	n.kind = listNode
	for _, item := range y.Content {
		child := l.load(item)
		if child == nil {
			return nil
		}
		n.adopt(child)
		n.items = append(n.items, child)
	}
	return n
}

func (l *loader) loadMap(n *node, y *yaml.Node) *node {
	n.kind = mapNode
	own := make(map[string]bool)
	for i := 0; i+1 < len(y.Content); i += 2 {
		if !isMerge(y.Content[i]) {
			own[y.Content[i].Value] = true
		}
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		value := l.load(y.Content[i+1])
		if value == nil {
			return nil
		}
		if isMerge(y.Content[i]) {
			if !l.merge(n, y.Content[i], value, own) {
				return nil
			}
			continue
		}
		key := l.load(y.Content[i])
		if key == nil {
			return nil
		}
		if key.kind != scalarNode {
			l.faults.add(key.span, "", "a key must be a string, found %s", key.found())
			return nil
		}
		n.adopt(value)
		n.addPair(l, pair{key, value})
	}
	return n
}

// merge adds the pairs of a "<<" whose keys the map does not have yet.
func (l *loader) merge(n *node, key *yaml.Node, value *node, seen map[string]bool) bool {
	from := []*node{value}
	if value.kind == listNode {
		from = value.items
	}
	for _, m := range from {
		if m.kind != mapNode {
			l.faults.add(l.span(key), "", "<< wants a map or a list of maps, found %s", m.found())
			return false
		}
		for _, p := range m.pairs {
			if seen[p.key.text] {
				continue
			}
			n.adopt(p.value)
			n.addPair(l, p)
			if l.pairs > maxNodes {
				return true
			}
		}
		// A key that comes twice in one map stays so, and is told where the map is read.
		for _, p := range m.pairs {
			seen[p.key.text] = true
		}
	}
	return true
}

func (n *node) addPair(l *loader, p pair) {
	l.pairs++
	n.pairs = append(n.pairs, p)
}

// adopt counts a child.
func (n *node) adopt(child *node) {
	n.size = min(n.size+child.size, maxNodes+1)
	n.depth = max(n.depth, child.depth+1)
}

func isMerge(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.ShortTag() == "!!merge"
}

// tagAllowed refuses tags that would change a value in ways that no one reads.
func (l *loader) tagAllowed(y *yaml.Node) bool {
	if y.Style&yaml.TaggedStyle == 0 {
		return true
	}
	switch tag := y.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
		return true
	default:
		hint := ""
		if !strings.HasPrefix(tag, "!!") {
			hint = fmt.Sprintf("text that begins with ! stands in quotes: %.40q", tag)
		}
		l.faults.add(l.span(y), hint, "the tag %s has no meaning in a build file", fmt.Sprintf("%.40q", tag))
		return false
	}
}

func (l *loader) span(y *yaml.Node) Range {
	start := Pos{Line: y.Line, Column: y.Column}
	return Range{Start: start, End: l.src.end(y)}
}
