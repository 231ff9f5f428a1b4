// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"fmt"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// TestManyLayers counts what grows with the layers: the inputs of merges may not grow with
// the square of their number, and the step helper is looked up once for all steps.
func TestManyLayers(t *testing.T) {
	const layers = 40
	var text strings.Builder
	text.WriteString("from: registry.example.org/base:1\nlayers:\n")
	for i := range layers {
		fmt.Fprintf(&text, "  - build: {run: 'echo %d > $out/%d'}\n  - files: [{dest: /etc/made/%d, content: x}]\n", i, i, i)
	}
	asked := 0
	def := graphWith(t, []byte(text.String()), false, func(arch string) (bk.State, string, error) {
		asked++
		return newWorld().step(arch)
	})
	if asked != 1 {
		t.Errorf("the step helper is looked up %d times, want once", asked)
	}
	merges, inputs := 0, 0
	for _, encoded := range def.Def {
		var o pb.Op
		if err := o.UnmarshalVT(encoded); err != nil {
			t.Fatal(err)
		}
		if o.GetMerge() != nil {
			merges, inputs = merges+1, inputs+len(o.GetInputs())
		}
	}
	// One merge below each files layer, and the image.
	if most := 2*layers + 2*layers + 1; merges < layers || inputs > most {
		t.Errorf("%d merges have %d inputs, want %d or more with %d at most", merges, inputs, layers, most)
	}
}
