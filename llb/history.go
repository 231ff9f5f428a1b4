// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
)

// withLayer adds a layer's entry to a history; a folded layer shares the one
// before.
func withLayer(history []ocispecs.History, layer plan.Made) []ocispecs.History {
	words := printable.Line("strata: " + layerWords(layer))
	if n := len(history); layer.Fold && n > 0 {
		history[n-1].CreatedBy += "; " + words
		return history
	}
	return append(history, ocispecs.History{CreatedBy: words})
}

// config is the finished configuration of an image. Layers and their digests are
// added by BuildKit's exporter.
func config(p *plan.Image, history []ocispecs.History, epoch time.Time) *dockerspec.DockerOCIImage {
	out := p.Config
	if epoch.IsZero() {
		epoch = time.Unix(0, 0)
	}
	epoch = epoch.UTC()
	out.Created = &epoch
	out.History = append([]ocispecs.History{}, history...)
	for i := range out.History {
		if out.History[i].Created == nil {
			out.History[i].Created = &epoch
		}
	}
	out.RootFS = ocispecs.RootFS{Type: "layers"}
	return &out
}

// baseHistory is the base's history with exactly one entry that is not empty for
// each of its layers; BuildKit would fill gaps with the clock.
func baseHistory(p *plan.Image, epoch time.Time) []ocispecs.History {
	switch {
	case p.From.Kind == plan.Scratch:
		return nil
	case p.Base == nil:
		return []ocispecs.History{{CreatedBy: printable.Line("strata: from " + string(p.From.Kind) + ":" + p.From.Name)}}
	}
	var history []ocispecs.History
	layers := 0
	want := p.KnownLayers()
	for _, h := range p.Base.History {
		if !h.EmptyLayer {
			if want > 0 && layers == want {
				continue
			}
			layers++
		}
		if h.Created == nil {
			h.Created = &epoch
		}
		history = append(history, h)
	}
	for ; layers < want; layers++ {
		history = append(history, ocispecs.History{Created: &epoch, CreatedBy: printable.Line("strata: from " + p.From.Name)})
	}
	return history
}
