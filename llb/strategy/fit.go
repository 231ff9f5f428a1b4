// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"

	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/plan"
)

// fit brings the number of layers, the base's included, below the limit: first large
// packages are divided among fewer, then adjacent files layers become one, then
// neighbours that are merged share a layer. What changes the image in place, a command
// or the installing of packages, keeps its own.
func (t *Target) fit(layers []plan.Layer) ([]plan.Layer, error) {
	limit := t.described.MaxLayers
	if limit == 0 {
		limit = plan.MaxLayers
	}
	below := t.baseLayers()
	over := below + countLayers(layers) - limit
	if over > 0 {
		t.pass.warn(RuleTooManyLayers, t.described.Range.Start, "", "target %s has %s more than the limit of %d, so some of them share one", t.described.Name, spell.Count(over, "layer"), limit)
	}
	layers, over = joinParts(layers, over)
	layers, over = joinFiles(layers, over)
	for i := len(layers) - 1; i > 0 && over > 0; i-- {
		if layers[i].Action.Merges() && layers[i-1].Action.Merges() {
			layers[i].Fold = true
			over--
		}
	}
	if over <= 0 {
		return layers, nil
	}
	pos := t.described.MaxLayersPos
	if pos.IsZero() {
		pos = t.described.Range.Start
	}
	return nil, t.read.errorf(pos, "target %s has %s (%d from the base), and the limit is %d; commands that change the image in place can't share one, nor can installing packages: join some of them", t.described.Name, spell.Count(below+len(layers), "layer"), below, limit)
}

// baseLayers is how many layers the base brings.
func (t *Target) baseLayers() int {
	switch {
	case t.image.From.Kind == plan.Scratch:
		return 0
	case t.image.From.Kind == plan.Target:
		return t.pass.counts[t.pass.plan.Image(t.image.From.Name, t.image.From.Platform)]
	case t.image.Base == nil:
		return 1
	}
	if n := t.image.KnownLayers(); n > 0 {
		return n
	}
	n := 0
	for _, h := range t.image.Base.History {
		if !h.EmptyLayer {
			n++
		}
	}
	return n
}

// joinParts divides packages among fewer layers, from the end, while there are too
// many.
func joinParts(layers []plan.Layer, over int) ([]plan.Layer, int) {
	layers = slices.Clone(layers)
	for i := len(layers) - 1; i >= 0 && over > 0; i-- {
		u, ok := layers[i].Action.(*plan.Unpack)
		if !ok || u.Parts < 2 {
			continue
		}
		fewer := *u
		fewer.Parts = max(u.Parts-over, 1)
		over -= u.Parts - fewer.Parts
		if fewer.Parts == 1 {
			fewer.Parts = 0
		}
		layers[i].Action = &fewer
	}
	return layers, over
}

// countLayers is how many layers of the image the planned ones are.
func countLayers(layers []plan.Layer) int {
	n := 0
	for _, l := range layers {
		if !l.Fold {
			n += l.Action.Count()
		}
	}
	return n
}

// joinFiles makes one layer of adjacent files layers, from the end, while there
// are too many.
func joinFiles(layers []plan.Layer, over int) ([]plan.Layer, int) {
	for i := len(layers) - 1; i > 0 && over > 0; i-- {
		a, ok := layers[i-1].Action.(*plan.Files)
		b, also := layers[i].Action.(*plan.Files)
		if !ok || !also {
			continue
		}
		joined := layers[i-1]
		joined.Words += "; " + layers[i].Words
		joined.Range.End = layers[i].Range.End
		entries := slices.Concat(a.Entries, b.Entries)
		if len(b.Entries) > 0 {
			entries[len(a.Entries)].Part = true
		}
		joined.Action = &plan.Files{Entries: entries}
		layers = append(append(append([]plan.Layer{}, layers[:i-1]...), joined), layers[i+1:]...)
		over--
	}
	return layers, over
}
