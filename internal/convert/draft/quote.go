// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// quote gives texts that need quotes double ones, which the encoder would make single.
func quote(n *yaml.Node, flow bool) {
	flow = flow || n.Style == yaml.FlowStyle
	for _, c := range n.Content {
		if c.Kind == yaml.ScalarNode && c.Style == 0 && c.Tag == "!!str" && !strings.ContainsAny(c.Value, "\\\"\n\t") && needsQuotes(c.Value, flow) {
			c.Style = yaml.DoubleQuotedStyle
		}
		quote(c, flow)
	}
}

// needsQuotes reports whether the encoder puts a text into single quotes.
func needsQuotes(text string, flow bool) bool {
	n := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}}}
	if flow {
		n.Style = yaml.FlowStyle
	}
	out, err := yaml.Marshal(n)
	return err == nil && bytes.HasPrefix(bytes.TrimLeft(out, "[- "), []byte("'"))
}
