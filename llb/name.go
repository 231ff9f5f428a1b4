// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// inside is what stands in brackets before the names of an image's steps.
func inside(p *plan.Image, showPlatform bool) []string {
	var parts []string
	if showPlatform {
		parts = append(parts, p.Platform)
	}
	if p.Target != spec.DefaultTarget {
		parts = append(parts, p.Target)
	}
	return parts
}

// StepName is the name of the step that makes the layer with that index among those
// that the plan makes ([plan.Image.Made]), counted
// from 0; showPlatform is as in [Options].
func StepName(p *plan.Image, i int, showPlatform bool) string {
	made := p.Made()
	parts := append(inside(p, showPlatform), fmt.Sprintf("%d/%d", i+1, len(made)))
	return op.Bracketed(parts, layerWords(made[i]))
}

// StepPrefix is what the names of an image's other steps begin with, such as those
// that fetch something; it may be empty.
func StepPrefix(p *plan.Image, showPlatform bool) string {
	return op.Bracketed(inside(p, showPlatform), "")
}

// layerWords say what a layer is, its own name first.
func layerWords(layer plan.Made) string {
	if layer.Name == "" {
		return layer.Words()
	}
	return layer.Name + ": " + layer.Words()
}
