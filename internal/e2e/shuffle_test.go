// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"math/rand/v2"
	"testing"

	"go.yaml.in/yaml/v3"
)

// shuffled is a build file with the keys of its maps in another order. Variables
// of an environment keep theirs: their order is part of an image.
func shuffled(t *testing.T, text string, seed uint64) string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	shuffle(&doc, rand.New(rand.NewPCG(seed, 0)), false)
	out, err := yaml.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func shuffle(n *yaml.Node, random *rand.Rand, keep bool) {
	for i, child := range n.Content {
		env := n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "env"
		shuffle(child, random, env)
	}
	if n.Kind != yaml.MappingNode || keep {
		return
	}
	random.Shuffle(len(n.Content)/2, func(i, j int) {
		for k := range 2 {
			n.Content[2*i+k], n.Content[2*j+k] = n.Content[2*j+k], n.Content[2*i+k]
		}
	})
}
