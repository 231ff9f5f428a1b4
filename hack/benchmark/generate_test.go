// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"testing"
	"time"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// filesOnly is a plan of n layers with one file each.
func filesOnly(n int) *plan.Plan {
	img := &plan.Image{Target: "default", Platform: "linux/amd64", From: plan.Tree{Kind: plan.Scratch}}
	for i := range n {
		content := fmt.Sprint(i)
		img.Layers = append(img.Layers, plan.Layer{
			Strategy: "files", Words: "files",
			Action: &plan.Files{Entries: []plan.Entry{{Dest: fmt.Sprintf("/etc/app/%d", i), Content: &content}}},
		})
	}
	return &plan.Plan{Platform: "linux/amd64", Images: []*plan.Image{img}}
}

// BenchmarkGenerate measures making and marshalling the graph of many layers.
func BenchmarkGenerate(b *testing.B) {
	for _, c := range []struct {
		layers int
		limit  time.Duration
	}{{10, 0}, {100, 0}, {1000, 50 * time.Millisecond}} {
		b.Run(fmt.Sprint(c.layers), func(b *testing.B) {
			p := filesOnly(c.layers)
			generate := side{run: func() {
				res, err := llb.Lower(b.Context(), p, llb.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := res.State.Marshal(b.Context(), bk.LinuxAmd64); err != nil {
					b.Fatal(err)
				}
			}}
			compare(b, Measure{Name: fmt.Sprintf("generating the graph of %d layers", c.layers), Time: c.limit}, generate, side{}, side{})
		})
	}
}
