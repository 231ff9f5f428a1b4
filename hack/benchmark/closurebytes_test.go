// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// mostLayers is as many as an image may have.
const mostLayers = 127

// changedBytes measures what is pushed when one leaf is another. The figure is the
// mean of all leaves: a leaf's own layer, and the root's. For some of them that is
// compared with what is really pushed.
func changedBytes(b *testing.B, c *closureHouse) {
	const some = 3
	c.more = fmt.Sprintf("      max_layers: %d\n", mostLayers)
	name := fmt.Sprint("bytes", c.n)
	build := c.changed(c.strata, "strata.yaml", name, new(int))
	c.change("")
	build.run()
	costs := c.leafCosts(b, name)
	var f Figures
	for _, cost := range costs {
		f.Bytes += cost / int64(len(costs))
	}
	f.AgainstBytes = more(nil, c.layers(name))
	for i := range some {
		at := i * len(costs) / some
		c.leaf = c.made.Leaves[at]
		c.change("")
		build.run()
		before := c.layers(name)
		c.change("another")
		build.run()
		if pushed := more(before, c.layers(name)); pushed > costs[at]+costs[at]/10+1000 {
			b.Errorf("for leaf %d %d bytes are pushed, and not %d", c.leaf, pushed, costs[at])
		}
	}
	record(b, Measure{
		Name:    fmt.Sprintf("a closure of %d paths in up to %d layers, one leaf changed, bytes pushed", c.n+1, mostLayers),
		Against: "the image", Ratio: 0.01,
	}, f)
}

// leafCosts are the bytes, in the order of the leaves, of the layers in the registry
// that have a leaf or the root.
func (c *closureHouse) leafCosts(b *testing.B, repository string) []int64 {
	var plan struct {
		Images []struct {
			Layers []struct {
				Action struct {
					Paths []struct{ Name string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(testenv.Strata(b).MustRun(b, "plan", c.dir).Stdout), &plan); err != nil {
		b.Fatal(err)
	}
	sizes := c.layerSizes(repository)
	layers := plan.Images[0].Layers
	if len(layers) != len(sizes) {
		b.Fatalf("the plan has %d layers, and the image %d", len(layers), len(sizes))
	}
	of := map[string]int{}
	for i, l := range layers {
		for _, p := range l.Action.Paths {
			of[p.Name] = i
		}
	}
	root := of[path.Base(c.made.Root)]
	var costs []int64
	for _, leaf := range c.made.Leaves {
		var cost int64
		for _, layer := range slices.Compact([]int{of[path.Base(c.made.Paths[leaf])], root}) {
			cost += sizes[layer]
		}
		costs = append(costs, cost)
	}
	return costs
}
