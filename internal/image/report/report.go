// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// Base is the strategy of the layers that the base brings.
const Base = "from"

// Report is what a build made.
type Report struct {
	Images []*Image `json:"images"`
}

// Image is a target for one platform.
type Image struct {
	Target   string `json:"target"`
	Platform string `json:"platform"`
	// Names are those that the image was exported under.
	Names []string `json:"names,omitempty"`
	// Digest is what the names stand for: the manifest, or an index with it.
	Digest string `json:"digest,omitempty"`
	// Manifest is nil when no output is an image.
	Manifest *v1.Descriptor `json:"manifest,omitempty"`
	// ConfigDigest is docker's image ID.
	ConfigDigest string  `json:"configDigest,omitempty"`
	Layers       []Layer `json:"layers"`
}

// Layer is one layer. What is not known is nil.
type Layer struct {
	// Strategy is the key of the build file that describes the layer, or [Base].
	Strategy string `json:"strategy"`
	// Name is the layer's own, Made is what it is in words.
	Name string `json:"name,omitempty"`
	Made string `json:"made,omitempty"`
	// Cached says that no step of the layer had to run. A layer of the base has
	// no steps.
	Cached *bool `json:"cached,omitempty"`
	// Seconds is how long its steps took, concurrently or one after another.
	Seconds *float64 `json:"seconds,omitempty"`
	// Files is how many there are that are neither directories nor links.
	Files *int `json:"files,omitempty"`
	// Size is the layer as it is stored and Unpacked as a tar, in bytes.
	Size      *int64 `json:"size,omitempty"`
	Unpacked  *int64 `json:"unpacked,omitempty"`
	Digest    string `json:"digest,omitempty"`
	DiffID    string `json:"diffID,omitempty"`
	MediaType string `json:"mediaType,omitempty"`
}

// New lists what a plan makes, with what the steps say about it. showPlatform
// says that the names of the steps have the platform in them. The layers of the
// base are not known yet.
func New(p *plan.Plan, showPlatform bool, steps *Steps) *Image {
	last := p.Images[len(p.Images)-1]
	img := &Image{Target: last.Target, Platform: last.Platform, Layers: []Layer{}}
	var chain []*plan.Image
	for at := last; at != nil; {
		chain = append(chain, at)
		if at.From.Kind != plan.Target {
			break
		}
		at = p.Image(at.From.Name, at.From.Platform)
	}
	for _, planned := range slices.Backward(chain) {
		img.addPlanned(planned, showPlatform, steps)
	}
	return img
}

// addPlanned adds the layers of a target.
func (img *Image) addPlanned(p *plan.Image, showPlatform bool, steps *Steps) {
	all := p.Made()
	for i := 0; i < len(all); {
		l := all[i]
		made := Layer{Strategy: l.Strategy, Name: l.Name, Made: l.Words()}
		names := stepNames(p, i, l.Part, showPlatform)
		for i++; i < len(all) && all[i].Fold; i++ {
			made.Made += "; " + all[i].Words()
			names = append(names, stepNames(p, i, all[i].Part, showPlatform)...)
		}
		made.Cached, made.Seconds = steps.sum(names, llb.StepPrefix(p, showPlatform))
		img.Layers = append(img.Layers, made)
	}
}

// stepNames are the names of the steps that make layer i: its own, and for a further
// part of packages the step that unpacks all of them.
func stepNames(p *plan.Image, i, part int, showPlatform bool) []string {
	names := []string{llb.StepName(p, i, showPlatform)}
	if part > 0 {
		names = append(names, llb.StepName(p, i-part, showPlatform))
	}
	return names
}

// sum says whether a layer was cached, and how many seconds it took.
func (s *Steps) sum(names []string, inside string) (cached *bool, seconds *float64) {
	main, all := s.of(names, inside)
	hit := !slices.ContainsFunc(main, func(st *step) bool { return st.ran })
	took := took(all).Round(time.Millisecond).Seconds()
	return &hit, &took
}
