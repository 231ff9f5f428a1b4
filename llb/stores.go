// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"context"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/store"
)

// BuildStore is the tree that a build of Nix exports, for a look into it while a
// plan is made.
func BuildStore(ctx context.Context, a *plan.Exec, o Options) (bk.State, error) {
	l := newLowering(&plan.Plan{}, o)
	return l.unpacker.Build(ctx, l.ops(&plan.Image{Target: spec.DefaultTarget, Platform: a.Platform}), a)
}

// ScanStore is [store.Scan] with the step helper of options.
func ScanStore(st bk.State, dir, storeDir, content string, o Options) (bk.State, error) {
	return store.Scan(o.ops(), st, dir, storeDir, content)
}

// Infos is the file that [StoreInfos] leaves.
const Infos = "/infos"

// StoreInfos is a tree with a JSON object of what binary caches say of store paths and of
// all that these refer to, by the addresses of the descriptions. A step of the target
// fetches them.
func StoreInfos(target string, caches, paths []string, o Options) (bk.State, error) {
	var opts []bk.RunOption
	if o.NoCache != nil && o.NoCache(target) {
		opts = append(opts, bk.IgnoreCache)
	}
	ask := call.Infos{Caches: caches, Out: fetchedDir + Infos, Paths: paths}
	run, err := o.ops().Online("[internal] look up store paths", bk.Scratch(), ask.Args(), opts...)
	if err != nil {
		return bk.State{}, err
	}
	return op.Restart(run.AddMount(fetchedDir, bk.Scratch())), nil
}

// Report is the file that [ReportStore] and [ReportArchive] leave.
const Report = "/report"

// ReportStore is the step that unpacks a group of store paths, run for what it
// says: a tree with nothing but a file of that.
func ReportStore(ctx context.Context, p *plan.Plan, target *plan.Image, layer *plan.Layer, o Options) (bk.State, error) {
	a, ok := layer.Action.(*plan.Store)
	if !ok {
		return bk.State{}, fmt.Errorf("report on a layer: %T has no store paths", layer.Action)
	}
	l := newLowering(p, o)
	st, err := l.unpacker.Unpack(ctx, l.ops(target), layer, a, "[internal] find out what is wrong", Report)
	if err != nil {
		return bk.State{}, &plan.Fault{Range: layer.Range, Err: err}
	}
	return st, nil
}

// ReportSignature is the step that checks the signature of a fetched file, run for what it
// says: a tree with a file of that, if something is wrong, and else with the file.
func ReportSignature(f *plan.HTTP, o Options) (bk.State, error) {
	ops := o.ops()
	return place.Verified(ops, place.Fetched(ops, f, false, ops.At(spec.Range{Start: f.Pos, End: f.Pos})), f, "", Report)
}

// ReportArchive is the step that unpacks the archive of an entry of a files layer, run
// for what it says: a tree with a file of that, if something is wrong.
func ReportArchive(ctx context.Context, p *plan.Plan, target *plan.Image, e *plan.Entry, o Options) (bk.State, error) {
	l := newLowering(p, o)
	for _, planned := range p.Images {
		if planned == target {
			break
		}
		img, err := l.image(ctx, planned)
		if err != nil {
			return bk.State{}, err
		}
		l.images[planned] = img
	}
	return l.placer.Report(ctx, l.ops(target), e, Report)
}
