// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// share writes maps of environment variables that come more than once as an anchor and
// its aliases, and one that an earlier one begins as << with what is new.
func share(root *yaml.Node) {
	s := sharer{seen: map[string]*yaml.Node{}}
	s.walk(root)
}

// sharer has the maps that were seen, by what is in them, and how many have a name.
type sharer struct {
	seen  map[string]*yaml.Node
	named int
}

func (s *sharer) walk(n *yaml.Node) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "env" && c.Kind == yaml.MappingNode {
			if n.Content[i] = s.known(c); n.Content[i] != c {
				layout(n, width-10)
			}
			continue
		}
		s.walk(c)
	}
}

// known is the map, or how it refers to one that was seen before.
func (s *sharer) known(m *yaml.Node) *yaml.Node {
	text := strings.Join(entries(m), "\n")
	if was := s.seen[text]; was != nil && length(m) > len("*env") && !commented(m) {
		return s.alias(was)
	}
	s.seen[text] = m
	return m
}

// alias refers to a map, which gets a name if it has none.
func (s *sharer) alias(m *yaml.Node) *yaml.Node {
	if m.Anchor == "" {
		m.Anchor = "env"
		if s.named++; s.named > 1 {
			m.Anchor = fmt.Sprintf("env%d", s.named)
		}
	}
	return &yaml.Node{Kind: yaml.AliasNode, Value: m.Anchor, Alias: m}
}

// entries are a map's names and values.
func entries(m *yaml.Node) []string {
	var all []string
	for i := 0; i+1 < len(m.Content); i += 2 {
		all = append(all, m.Content[i].Value+"="+m.Content[i+1].Value)
	}
	return all
}

func commented(m *yaml.Node) bool {
	for _, c := range m.Content {
		if c.HeadComment != "" {
			return true
		}
	}
	return false
}
