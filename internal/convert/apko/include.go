// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package apko

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/internal/convert/report"
)

// deepest is how many files may include each other.
const deepest = 16

// included is what a file includes, merged with it as apko merges it: the file's own values
// win, and its lists follow those that are included.
func (o Options) included(root *yaml.Node, depth int) error {
	at := keyed(root, "include")
	if at < 0 || o.Include == nil || root.Content[at+1].Kind != yaml.ScalarNode || root.Content[at+1].Value == "" {
		return nil
	}
	name, line := root.Content[at+1].Value, root.Content[at].Line
	fault := func(err error) error {
		return &report.LineError{Line: line, Err: fmt.Errorf("include %s: %w", name, err)}
	}
	if depth == deepest {
		return fault(errors.New("it includes itself"))
	}
	data, err := o.Include(name)
	if err != nil {
		return fault(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return fault(err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return fault(errors.New("it is no map"))
	}
	base := document.Content[0]
	if err := o.included(base, depth+1); err != nil {
		return fault(err)
	}
	placeAt(base, line, 0)
	root.Content = slices.Delete(root.Content, at, at+2)
	merge(root, base, "")
	return nil
}

// keyed is where a map has a key, or -1.
func keyed(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// placeAt gives all that is included the line that includes it.
func placeAt(n *yaml.Node, line, depth int) {
	const deepestNode = 1000
	n.Line = line
	for _, c := range n.Content {
		if depth < deepestNode {
			placeAt(c, line, depth+1)
		}
	}
}

// whole are the keys whose value is taken as a whole, or not at all.
func whole() []string {
	return []string{"entrypoint", "layering", "certificates", "archs", "baseimage"}
}

// merge puts what a map doesn't say into it. Only what apko merges is: the maps at the top
// and those of environment variables and annotations.
func merge(into, from *yaml.Node, path string) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], plain(from.Content[i+1], map[*yaml.Node]bool{})
		at := keyed(into, key.Value)
		if at < 0 {
			into.Content = append(into.Content, key, value)
			continue
		}
		own := plain(into.Content[at+1], map[*yaml.Node]bool{})
		switch {
		case own.Kind == yaml.ScalarNode && own.Value == "" || own.Tag == "!!null":
			own = value
		case slices.Contains(whole(), key.Value):
		case own.Kind == yaml.SequenceNode && value.Kind == yaml.SequenceNode:
			own.Content = slices.Concat(value.Content, own.Content)
		case own.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode && path == "":
			merge(own, value, key.Value)
		}
		into.Content[at+1] = own
	}
}

// plain is a copy of a node that can be changed by itself: what an alias stands for, and a
// map with the keys that come by <<, of which one that was seen has nothing new.
func plain(n *yaml.Node, seen map[*yaml.Node]bool) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	out := *n
	out.Anchor, out.Content = "", slices.Clone(n.Content)
	if n.Kind != yaml.MappingNode {
		return &out
	}
	out.Content = nil
	if seen[n] {
		return &out
	}
	seen[n] = true
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key, value := n.Content[i], n.Content[i+1]; {
		case key.Tag != "!!merge":
			out.Content = append(out.Content, key, value)
		case value.Kind == yaml.SequenceNode:
			merged = append(merged, value.Content...)
		default:
			merged = append(merged, value)
		}
	}
	for _, m := range merged {
		m = plain(m, seen)
		for i := 0; m.Kind == yaml.MappingNode && i+1 < len(m.Content); i += 2 {
			if keyed(&out, m.Content[i].Value) < 0 {
				out.Content = append(out.Content, m.Content[i], m.Content[i+1])
			}
		}
	}
	return &out
}
