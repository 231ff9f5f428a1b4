// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/internal/printable"
)

// width is how many characters a line may have before a map or a list is broken up.
const width = 110

// text is a string. One of several lines is a block where YAML can hold it so.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.Contains(strings.TrimSuffix(s, "\n"), "\n") {
		n.Style = yaml.LiteralStyle
	}
	return n
}

// plain is a value that YAML reads as another type than a string: a number or a
// boolean.
func plain(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// number is text that stands without quotes if it is one.
func number(s string) *yaml.Node {
	if n, err := strconv.Atoi(s); err == nil && strconv.Itoa(n) == s {
		return plain(s)
	}
	return text(s)
}

// texts is a list of strings.
func texts(list []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, s := range list {
		n.Content = append(n.Content, text(s))
	}
	return layout(n, width)
}

// oneOrMore is a string, or a list of them.
func oneOrMore(list []string) *yaml.Node {
	if len(list) == 1 {
		return text(list[0])
	}
	return texts(list)
}

// list is a list of values.
func list[V any](values []V, of func(V) *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, v := range values {
		n.Content = append(n.Content, of(v))
	}
	return n
}

// mapping is a map whose keys come in the order in which they are put.
type mapping struct{ node *yaml.Node }

func newMapping() mapping { return mapping{&yaml.Node{Kind: yaml.MappingNode}} }

// put adds a key with a value.
func (m mapping) put(key string, value *yaml.Node, comments ...string) {
	k := text(key)
	k.HeadComment = comment(comments)
	m.node.Content = append(m.node.Content, k, value)
}

// text adds a key with a string that isn't empty.
func (m mapping) text(key, value string, comments ...string) {
	if value != "" {
		m.put(key, text(value), comments...)
	}
}

// texts adds a key with a list that isn't empty.
func (m mapping) texts(key string, values []string, comments ...string) {
	if len(values) > 0 {
		m.put(key, texts(values), comments...)
	}
}

// flag adds a key that is true.
func (m mapping) flag(key string, value bool) {
	if value {
		m.put(key, plain("true"))
	}
}

// nodes adds a key with a list of values that isn't empty.
func (m mapping) nodes(key string, values *yaml.Node) {
	if len(values.Content) > 0 {
		m.put(key, layout(values, width))
	}
}

// pairs is a map of names and values.
func pairs(all []Pair) *yaml.Node {
	m := newMapping()
	for _, p := range all {
		m.put(p.Name, text(p.Value), p.Comments...)
	}
	return layout(m.node, width)
}

// comment is lines as YAML has them, which allows no control characters in them.
func comment(lines []string) string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		l = printable.Line(strings.ReplaceAll(l, "\t", "    "))
		out = append(out, strings.TrimRight("# "+l, " "))
	}
	return strings.Join(out, "\n")
}

// layout puts a map or a list on one line if it fits there: nothing in it has a comment
// or lines of its own.
func layout(n *yaml.Node, most int) *yaml.Node {
	if n.Kind == yaml.ScalarNode || n.Kind == yaml.AliasNode {
		return n
	}
	if len(n.Content) == 0 || fits(n) && length(n) <= most {
		n.Style = yaml.FlowStyle
	}
	return n
}

// fits reports whether a value can stand on a line.
func fits(n *yaml.Node) bool {
	if n.HeadComment != "" || n.Style == yaml.LiteralStyle || strings.Contains(n.Value, "\n") && len(n.Value) > width/2 {
		return false
	}
	for _, c := range n.Content {
		if !fits(c) {
			return false
		}
	}
	return true
}

// length is about how many characters a value takes on a line.
func length(n *yaml.Node) int {
	switch n.Kind {
	case yaml.ScalarNode:
		return len(n.Value) + strings.Count(n.Value, `"`)
	case yaml.AliasNode:
		return 1 + len(n.Value)
	}
	sum := 2
	for _, c := range n.Content {
		sum += length(c) + 2
	}
	return sum
}
