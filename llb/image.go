// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/store"
)

// errUnknownAction says that a plan has an action that can't be lowered.
var errUnknownAction = errors.New("unknown action")

// image is a target while its layers are put on.
type image struct {
	lowering *lowering
	ops      *op.Maker
	plan     *plan.Image
	// baseConfig is the configuration of the base at the very bottom.
	baseConfig *dockerspec.DockerOCIImage
	history    []ocispecs.History
	stack      stack
	skeleton   *place.Skeleton
	packages   packages
	// stores are the trees of groups of store paths, for what links to them.
	stores map[*plan.Store]bk.State
	// changed are the layers that programs made, with those of the base.
	changed []Shipped
	// put are the trees of files layers and of what commands shipped, since a command ran
	// in the image.
	put []Shipped
	// installed are the trees of packages, those of targets below among them.
	installed []installed
}

// image lowers one target.
func (l *lowering) image(ctx context.Context, p *plan.Image) (*image, error) {
	img, err := l.start(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := img.skeleton.Expect(ctx, p.Layers, op.KernelDirs()); err != nil {
		return nil, &plan.Fault{Range: p.Range, Err: err}
	}
	for i := range p.Layers {
		if a, ok := p.Layers[i].Action.(*plan.Accounts); ok {
			img.skeleton.ExpectHomes(a)
		}
	}
	if err := img.expectLinks(p); err != nil {
		return nil, &plan.Fault{Range: p.Range, Err: err}
	}
	for n, made := range p.Made() {
		if err := img.layer(ctx, n, made); err != nil {
			return nil, err
		}
		img.history = withLayer(img.history, made)
	}
	return img, nil
}

// expectLinks notes what links the packages of an image on scratch put into its root, for
// the layers before them and after them.
func (img *image) expectLinks(p *plan.Image) error {
	if p.From.Kind != plan.Scratch {
		return nil
	}
	first := slices.IndexFunc(p.Layers, isInstall)
	if first < 0 || slices.ContainsFunc(p.Layers[:first], runsInImage) {
		return nil // packages come into what a command made
	}
	s, err := findSystem(img.lowering.opt.Systems, p.Layers[first].Action.(*plan.Install).Format) //nolint:forcetypeassert // it is one
	if err == nil {
		img.skeleton.ExpectLinks(s.facts.RootLinks)
	}
	return err
}

func isInstall(l plan.Layer) bool { _, ok := l.Action.(*plan.Install); return ok }

// runsInImage reports whether a layer is a command's that changes the image in place.
func runsInImage(l plan.Layer) bool {
	e, ok := l.Action.(*plan.Exec)
	return ok && !e.Merges()
}

// start is an image with nothing on its base.
func (l *lowering) start(ctx context.Context, p *plan.Image) (*image, error) {
	from, err := l.tree(ctx, p.From)
	if err != nil {
		return nil, err
	}
	from = op.Restart(from)
	img := &image{lowering: l, ops: l.ops(p), plan: p, baseConfig: p.Base, stores: map[*plan.Store]bk.State{}}
	img.stack = stack{ops: img.ops, lines: p.Range, chain: l.opt.Chain}
	if from.Output() != nil {
		img.stack.inputs = []layerTree{{State: from}}
	}
	if p.From.Kind == plan.Target {
		img.stack.seen = l.seen(p)
	}
	img.skeleton = place.NewSkeleton(l.opt.Prober, from, p.From.Kind == plan.Scratch)
	if p.From.Kind != plan.Target {
		img.history = baseHistory(p, time.Unix(0, 0).UTC())
		return img, nil
	}
	below := l.images[l.plan.Image(p.From.Name, p.From.Platform)]
	img.baseConfig = below.baseConfig
	img.history = append(img.history, below.history...)
	img.changed, img.installed = slices.Clone(below.changed), slices.Clone(below.installed)
	img.skeleton.Continue(below.skeleton)
	return img, nil
}

// changes is what the target's own layers put on its base, and nothing of that.
func (img *image) changes() (bk.State, error) {
	switch inputs := img.stack.inputs; {
	case img.plan.From.Kind == plan.Scratch:
		return img.stack.state(), nil
	case img.stack.chain:
		return bk.State{}, plan.Mistakef("take what target %s changes: BuildKit needs MergeOp and DiffOp for that, which this one doesn't have", img.plan.Target)
	case len(inputs) < 2:
		return bk.Scratch(), nil
	default:
		return img.stack.merged(inputs[1:]), nil
	}
}

// seen is the base as commands find it, where that is a target that commands changed.
func (l *lowering) seen(p *plan.Image) []layerTree {
	below := l.images[l.plan.Image(p.From.Name, p.From.Platform)]
	if below == nil || below.stack.seen == nil {
		return nil
	}
	return []layerTree{{State: below.stack.view()}}
}

// layer puts the layer with that index on.
func (img *image) layer(ctx context.Context, n int, made plan.Made) error {
	layer, name := made.Layer, StepName(img.plan, n, img.lowering.opt.ShowPlatform)
	if _, ok := layer.Action.(*plan.Files); !ok {
		img.skeleton.Unclear()
	}
	switch action := layer.Action.(type) {
	case *plan.Files:
		return img.files(ctx, layer, action, name)
	case *plan.Exec:
		return img.exec(ctx, layer, action, name)
	case *plan.Unpack:
		return img.addUnpacked(ctx, made, action, name)
	case *plan.Install:
		return img.install(ctx, layer, action, name)
	case *plan.Store:
		return img.store(ctx, layer, action, name)
	case *plan.Link:
		return img.link(layer, action, name)
	case *plan.Accounts:
		return img.accounts(layer, action, name)
	case *plan.Keep:
		return img.keep(layer, action, name)
	default:
		return fmt.Errorf("lower layer %d: %w: %T", n+1, errUnknownAction, action)
	}
}

// placeBase is the image as the next layer is put on it.
func (img *image) placeBase() place.Base {
	return place.Base{Range: img.plan.Range, Skeleton: img.skeleton, Current: img.stack.state, Seen: img.stack.view, Join: img.stack.join, Ops: img.ops}
}

// files puts a files layer on.
func (img *image) files(ctx context.Context, layer *plan.Layer, a *plan.Files, name string) error {
	st, err := img.lowering.placer.Files(ctx, img.placeBase(), layer, a, name)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(a.Entries, func(e plan.Entry) bool { return e.Copy != nil || e.Git != nil || e.Extract }) {
		img.lowering.copied = append(img.lowering.copied, Shipped{Layer: layer, State: st})
	}
	put := Shipped{Layer: layer, State: st}
	img.put = append(img.put, put)
	img.overlapPackages(put, a)
	img.stack.add(st, layer, name)
	return nil
}

// exec puts on what a command makes: a tree of its own when only $out ships, what
// it changed in the image otherwise.
func (img *image) exec(ctx context.Context, layer *plan.Layer, a *plan.Exec, name string) error {
	c := img.lowering.runner.Command(img.ops, layer, a, name)
	if a.Out {
		st, err := c.Ship(ctx, img.placeBase())
		if err != nil {
			return &plan.Fault{Range: layer.Range, Err: err}
		}
		img.lowering.shipped = append(img.lowering.shipped, Shipped{Layer: layer, State: st})
		img.put = append(img.put, Shipped{Layer: layer, State: st})
		if !img.stack.chain && !layer.Fold {
			img.changed = append(img.changed, Shipped{Layer: layer, State: st})
		}
		img.stack.add(st, layer, name)
		if a.OnlyOutputs {
			img.skeleton.ShipOutputs(a.Outputs, st)
		} else {
			img.skeleton.Ship(true, st)
		}
		return nil
	}
	st, after, err := c.Change(ctx, img.placeBase())
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	if !img.stack.chain {
		img.changed = append(img.changed, Shipped{Layer: layer, State: st})
	}
	img.stack.replace(st, after)
	img.skeleton.Replace(img.stack.state())
	img.packages, img.put = packages{}, nil
	img.seeInstalled()
	return nil
}

// accounts puts users and groups on, beside those of the base and of all layers before.
func (img *image) accounts(layer *plan.Layer, a *plan.Accounts, name string) error {
	var of []bk.State
	for _, tree := range img.stack.inputs {
		of = append(of, tree.State)
	}
	st, err := place.Accounts(img.placeBase(), of, layer, a, name)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.stack.add(st, layer, name)
	return nil
}

// store puts a group of store paths on.
func (img *image) store(ctx context.Context, layer *plan.Layer, a *plan.Store, name string) error {
	st, err := img.lowering.unpacker.Unpack(ctx, img.ops, layer, a, name, "")
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	img.stores[a] = st
	img.stack.add(st, layer, name)
	return nil
}

// link puts links to what is in store paths on.
func (img *image) link(layer *plan.Layer, a *plan.Link, name string) error {
	st, report, err := store.Link(img.placeBase(), layer, a, img.stores, name)
	if err != nil {
		return &plan.Fault{Range: layer.Range, Err: err}
	}
	if report.Output() != nil {
		img.lowering.linked = append(img.lowering.linked, Shipped{Layer: layer, State: report})
	}
	img.stack.add(st, layer, name)
	img.skeleton.Ship(false, st)
	return nil
}
