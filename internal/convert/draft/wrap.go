// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// wrapper writes lists of names that don't fit on a line as several lines within brackets,
// which the encoder can't: a word stands for each until all is written.
type wrapper struct{ lists []*yaml.Node }

// take puts a word in the place of each list of names that is too long.
func (w *wrapper) take(n *yaml.Node) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && isNames(n.Content[i-1].Value, c) {
			n.Content[i] = plain(w.word(len(w.lists)))
			w.lists = append(w.lists, c)
			continue
		}
		w.take(c)
	}
}

func isNames(key string, n *yaml.Node) bool {
	if !slices.Contains([]string{"packages", "names", "tags", "include", "exclude"}, key) || n.Kind != yaml.SequenceNode || n.Style == yaml.FlowStyle {
		return false
	}
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode || c.HeadComment != "" || strings.ContainsAny(c.Value, ", \n") {
			return false
		}
	}
	return true
}

func (w *wrapper) word(i int) string { return fmt.Sprintf("wrapped-list-%d.", i) }

// give puts the lists into the text.
func (w *wrapper) give(text string) (string, error) {
	for i, n := range w.lists {
		at := strings.Index(text, w.word(i))
		if at < 0 {
			return "", fmt.Errorf("write the build file: list %d is missing", i)
		}
		start := strings.LastIndexByte(text[:at], '\n') + 1
		indent := len(text[start:at]) - len(strings.TrimLeft(text[start:at], " -"))
		n.Style = yaml.FlowStyle
		line, err := yaml.Marshal(n)
		if err != nil {
			return "", fmt.Errorf("write the build file: %w", err)
		}
		text = text[:at] + broken(strings.TrimSpace(string(line)), at-start, indent+2) + text[at+len(w.word(i)):]
	}
	return text, nil
}

// broken is a list with line breaks behind commas.
func broken(list string, column, indent int) string {
	var b strings.Builder
	for i, word := range strings.Split(list, ", ") {
		switch {
		case i == 0:
		case column+len(word)+2 > width+10:
			b.WriteString(",\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteString(", ")
			column += 2
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
