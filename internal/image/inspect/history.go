// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// histories are the entries that made the layers. What is missing is empty.
func histories(config *v1.ConfigFile, layers int) []v1.History {
	var made []v1.History
	for _, h := range config.History {
		if !h.EmptyLayer {
			made = append(made, h)
		}
	}
	for len(made) < layers {
		made = append(made, v1.History{})
	}
	return made[:layers]
}

// reStrata is the start of Strata's words: perhaps the layer's name, then the
// strategy.
var reStrata = regexp.MustCompile(`^strata: (?:[^:]+: )?(packages|files|build|derivation|from)\b`)

// reShell is what docker writes before the command of a RUN.
var reShell = regexp.MustCompile(`^(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c (#\(nop\) +)?`)

// Made takes the kind of layer from the words of its history, and tidies those.
// The kind is as in [Layer].Strategy.
func Made(words string) (kind, made string) {
	words = strings.Join(strings.Fields(words), " ")
	words = strings.TrimSuffix(words, " # buildkit")
	if m := reStrata.FindStringSubmatch(words); m != nil {
		return m[1], strings.TrimPrefix(words, "strata: ")
	}
	if m := reShell.FindStringSubmatch(words); m != nil {
		words = words[len(m[0]):]
		if m[1] == "" {
			words = "RUN " + words
		}
	}
	first, _, _ := strings.Cut(words, " ")
	if first == "" || first != strings.ToUpper(first) {
		return "", words
	}
	return first, words
}

// decode reads one JSON value.
func decode(r io.Reader, into any) error { return json.NewDecoder(r).Decode(into) }
