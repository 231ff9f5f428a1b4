// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// image is a target while its layers are put on.
type image struct {
	*lowering
	plan *plan.Image
	// base is the configuration of the base at the very bottom.
	base *dockerspec.DockerOCIImage
	// inputs are the base and the layers made until now.
	inputs []bk.State
	// under and top are, in a chain, the image below the last layer and the trees
	// that share that layer.
	under bk.State
	top   []madeTree
	// rooted is the base, or the image after the last command that changed it in
	// place: what the next layers' folders are looked up in.
	rooted bk.State
	// looks answers what rooted has; it asks only when it must.
	looks *probe
	// declared are folders and links that files layers put on top of rooted.
	// likely are paths that are folders if anything is put below them.
	declared, likely map[string]node
	// ran says that a command is among the layers, inPlace that one of them
	// changed the image in place: then nothing is asked while the graph is made.
	// shipped says that one put folders on top of rooted that nobody knows yet.
	ran, inPlace, shipped bool
	// bare are the kernel's folders that the image lacks; nil when nobody asked.
	bare     []string
	history  []ocispecs.History
	packages packages
	// stores are the trees of groups of store paths, for what links to them.
	stores map[*plan.Store]bk.State
}

// image lowers one target.
func (l *lowering) image(ctx context.Context, p *plan.Image) (*image, error) {
	img := &image{lowering: l, plan: p, base: p.Base, declared: map[string]node{}, likely: map[string]node{}, stores: map[*plan.Store]bk.State{}}
	if err := img.start(ctx); err != nil {
		return nil, err
	}
	if err := img.lookAhead(ctx); err != nil {
		return nil, err
	}
	for i := range p.Layers {
		if err := img.layer(ctx, i); err != nil {
			return nil, err
		}
	}
	return img, nil
}

// layer puts the layer with that index on.
func (img *image) layer(ctx context.Context, i int) error {
	layer := &img.plan.Layers[i]
	name := StepName(img.plan, i, img.ShowPlatform)
	switch action := layer.Action.(type) {
	case *plan.Files:
		st, err := img.files(ctx, layer, action, name)
		if err != nil {
			return err
		}
		img.add(st, layer, name)
	case *plan.Exec:
		made, err := img.exec(ctx, layer, action, name)
		if err != nil {
			return err
		}
		if action.Out {
			img.add(made, layer, name)
			img.ran, img.shipped = true, true
		} else {
			img.addInPlace(made)
		}
	case *plan.Unpack:
		if err := img.addUnpacked(layer, action, name); err != nil {
			return err
		}
	case *plan.Install:
		if err := img.install(layer, action, name); err != nil {
			return err
		}
	case *plan.Store:
		st, err := img.store(ctx, layer, action, name)
		if err != nil {
			return err
		}
		img.add(st, layer, name)
	case *plan.Link:
		st, err := img.link(layer, action, name)
		if err != nil {
			return err
		}
		img.add(st, layer, name)
		img.shipped = true
	default:
		return fmt.Errorf("lower layer %d: unknown action %T", i+1, action)
	}
	img.record(layer)
	return nil
}

// start puts the image on its base.
func (img *image) start(ctx context.Context) error {
	st, err := img.tree(ctx, img.plan.From)
	if err != nil {
		return err
	}
	img.rooted = restart(st)
	if st.Output() != nil {
		img.inputs = []bk.State{img.rooted}
	}
	if img.plan.From.Kind == plan.Target {
		below := img.images[img.lowering.plan.Image(img.plan.From.Name, img.plan.From.Platform)]
		img.base = below.base
		img.history = append(img.history, below.history...)
		img.ran, img.inPlace, img.bare = below.ran, below.ran, below.bare
		maps.Copy(img.declared, below.declared)
		maps.Copy(img.likely, below.likely)
	} else {
		img.history = baseHistory(img.plan, time.Unix(0, 0).UTC())
	}
	return nil
}

// lookAhead asks at once for what the files layers will look up in the base,
// until a command changes it.
func (img *image) lookAhead(ctx context.Context) error {
	if img.inPlace {
		return nil
	}
	var paths []string
	for i := range img.plan.Layers {
		switch a := img.plan.Layers[i].Action.(type) {
		case *plan.Files:
			for j := range a.Entries {
				paths = append(paths, destination(&a.Entries[j]))
			}
		case *plan.Exec:
			if !a.Out && len(paths) > 0 {
				paths = append(paths, kernelDirs()...)
			}
			if !a.Out {
				return img.expect(ctx, paths)
			}
		}
	}
	return img.expect(ctx, paths)
}

// expect asks the base for paths.
func (img *image) expect(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	if err := img.lookup(ctx).expect(paths...); err != nil {
		return &Fault{Range: img.plan.Range, Err: err}
	}
	return nil
}

// lookup is the tree that a files layer is put on, asked for while the graph is
// made.
func (img *image) lookup(ctx context.Context) tree {
	if img.plan.From.Kind == plan.Scratch {
		return overlay{below: emptyTree{}, declared: img.declared}
	}
	if img.looks == nil {
		img.looks = newProbe(ctx, img.Prober, img.rooted)
	}
	return overlay{below: img.looks, declared: img.declared}
}

// prefix puts the platform, the target and a place in brackets before words.
func (img *image) prefix(parts ...string) string {
	words := parts[len(parts)-1]
	inside := append(placeOf(img.plan, img.ShowPlatform), parts[:len(parts)-1]...)
	return bracketed(inside, words)
}

// placeOf says whose step it is.
func placeOf(p *plan.Image, showPlatform bool) []string {
	var inside []string
	if showPlatform {
		inside = append(inside, p.Platform)
	}
	if p.Target != spec.DefaultTarget {
		inside = append(inside, p.Target)
	}
	return inside
}

func bracketed(inside []string, words string) string {
	if len(inside) == 0 {
		return words
	}
	return "[" + strings.Join(inside, " ") + "] " + words
}

// StepName is the name of the step that makes the layer with that index, counted
// from 0; showPlatform is as in [Options].
func StepName(p *plan.Image, i int, showPlatform bool) string {
	inside := append(placeOf(p, showPlatform), fmt.Sprintf("%d/%d", i+1, len(p.Layers)))
	return bracketed(inside, layerWords(&p.Layers[i]))
}

// StepPrefix is what the names of an image's other steps begin with, such as those
// that fetch something; it may be empty.
func StepPrefix(p *plan.Image, showPlatform bool) string {
	return bracketed(placeOf(p, showPlatform), "")
}

// layerWords say what a layer is, its own name first.
func layerWords(layer *plan.Layer) string {
	if layer.Name == "" {
		return layer.Words
	}
	return layer.Name + ": " + layer.Words
}

// record adds the layer's history entry; a folded layer shares the one before.
func (img *image) record(layer *plan.Layer) {
	words := "strata: " + layerWords(layer)
	if n := len(img.history); layer.Fold && n > 0 {
		img.history[n-1].CreatedBy += "; " + words
		return
	}
	img.history = append(img.history, ocispecs.History{CreatedBy: words})
}

// config is the finished configuration. Layers and their digests are added by
// BuildKit's exporter.
func (img *image) config(epoch time.Time) *dockerspec.DockerOCIImage {
	out := img.plan.Config
	if epoch.IsZero() {
		epoch = time.Unix(0, 0)
	}
	epoch = epoch.UTC()
	out.Created = &epoch
	out.History = append([]ocispecs.History{}, img.history...)
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
		return []ocispecs.History{{CreatedBy: "strata: from " + string(p.From.Kind) + ":" + p.From.Name}}
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
		history = append(history, ocispecs.History{Created: &epoch, CreatedBy: "strata: from " + p.From.Name})
	}
	return history
}
