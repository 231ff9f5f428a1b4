// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package llb turns a plan into BuildKit's LLB and an image configuration.
//
// A layer that does not depend on the others is a tree of its own on scratch;
// Merge joins the trees on top of the base. That is what makes layers build side
// by side, survive a change of their neighbours, and be pushed alone. What such
// a tree must respect of the base (links such as /bin -> usr/bin, directories such
// as /tmp with a mode of their own) is called its skeleton. A files layer asks
// BuildKit for it while the graph is made; a layer that follows a command lets
// the step helper respect it inside a step.
//
// BuildKit's package of the same name is imported as bk everywhere.
package llb

import (
	"context"
	"fmt"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/exec"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/store"
)

// Sources gives the states of trees that the plan doesn't make itself.
type Sources interface {
	// Tree returns the state of an image, a named context or the build context.
	Tree(ctx context.Context, t plan.Tree) (bk.State, error)
}

// Options say how a plan is lowered. Sources and Prober are needed as soon as
// the plan uses anything but content written in the build file.
type Options struct {
	Sources Sources
	Prober  place.Prober
	// SourceMap is the build file, for messages that show the line; may be nil.
	SourceMap *bk.SourceMap
	// Chain puts layers on top of each other where BuildKit has no MergeOp. The
	// files are the same, the independence isn't.
	Chain bool
	// Step returns the step helper for an architecture as a state and its path
	// there; nil when no step can be run.
	Step func(arch string) (bk.State, string, error)
	// BuildPlatform is where the step helper runs; the zero value is this
	// machine's.
	BuildPlatform ocispecs.Platform
	// NoCache reports whether a layer or a target of that name is built without the
	// cache; nil means none is.
	NoCache func(name string) bool
	// Built returns the tree of a build of Nix that was made while planning; nil when
	// there are none.
	Built func(*plan.Exec) (bk.State, bool)
	// FetchesCommits says that BuildKit can fetch a commit under a reference's name.
	FetchesCommits bool
	// ChecksGit says that BuildKit can check signatures of tags and commits.
	ChecksGit bool
	// HashesMounts says that BuildKit hashes every mount that a step reads.
	HashesMounts bool
	// Epoch is the created time of the image and its history; the zero value is
	// 1970-01-01.
	Epoch time.Time
	// ShowPlatform puts the platform in the names of the steps.
	ShowPlatform bool
	// Systems are the package systems; nil is all that Strata has.
	Systems []distro.System
	// Run is what every command gets beside what the build file says.
	Run exec.Options
}

// Result is a lowered plan: the image asked for.
type Result struct {
	State bk.State
	// Image is the configuration with its history.
	Image *dockerspec.DockerOCIImage
	// Base is the configuration of the base that the image ends on; nil for
	// scratch.
	Base *dockerspec.DockerOCIImage
	// Annotations are the manifest's.
	Annotations map[string]string
	// Shipped are the trees of commands that ship something, also where they share a layer.
	Shipped []Shipped
	// Copied are the trees of files layers that hold what isn't known by name.
	Copied []Shipped
	// Linked are reports on layers of links, with the file [place.Replaced].
	Linked []Shipped
	// Changed are the layers of the image, and of the targets that it is made from, that
	// programs made: commands and scripts of packages. In a chain there are none.
	Changed []Shipped
	// Hidden are trees below packages that may have hidden something of them.
	Hidden []Hidden
	// Overlaps are files layers and trees of packages that may have the same files. In a
	// chain there are none.
	Overlaps []Overlap
	// NoCache says that the image was asked to be built without the cache.
	NoCache bool
}

// Shipped is a layer's tree, as it is put on the image.
type Shipped struct {
	Layer *plan.Layer
	State bk.State
}

// lowering is one call of Lower: the options and the images made so far.
type lowering struct {
	opt      Options
	plan     *plan.Plan
	images   map[*plan.Image]*image
	shipped  []Shipped
	copied   []Shipped
	linked   []Shipped
	hidden   []Hidden
	overlaps []Overlap
	placer   *place.Placer
	runner   *exec.Runner
	unpacker *store.Unpacker
}

func newLowering(p *plan.Plan, o Options) *lowering {
	l := &lowering{opt: o, plan: p, images: map[*plan.Image]*image{}}
	l.placer = place.NewPlacer(o.Prober, l.tree)
	l.placer.FetchesCommits, l.placer.ChecksGit = o.FetchesCommits, o.ChecksGit
	l.runner = &exec.Runner{Trees: l.tree, Prober: o.Prober, Placer: l.placer, Options: o.Run, Chain: o.Chain}
	l.unpacker = &store.Unpacker{Trees: l.tree, Prober: o.Prober, Runner: l.runner, Built: o.Built}
	return l
}

// Lower makes the graph of the plan's last image.
func Lower(ctx context.Context, p *plan.Plan, o Options) (*Result, error) {
	l := newLowering(p, o)
	var last *image
	for _, planned := range p.Images {
		img, err := l.image(ctx, planned)
		if err != nil {
			return nil, err
		}
		l.images[planned] = img
		last = img
	}
	if last == nil {
		return nil, fmt.Errorf("lower plan: it has no image")
	}
	return &Result{
		State:       last.stack.state(),
		Image:       config(last.plan, last.history, o.Epoch),
		Base:        last.baseConfig,
		Annotations: last.plan.Annotations,
		Shipped:     l.shipped,
		Copied:      l.copied,
		Linked:      l.linked,
		Hidden:      l.hidden,
		Overlaps:    l.overlaps,
		Changed:     last.changed,
		NoCache:     last.ops.IgnoresCache(""),
	}, nil
}

// tree returns the state of any tree but the image so far.
func (l *lowering) tree(ctx context.Context, t plan.Tree) (bk.State, error) {
	switch t.Kind {
	case plan.Scratch:
		return bk.Scratch(), nil
	case plan.Target:
		img := l.images[l.plan.Image(t.Name, t.Platform)]
		if img == nil {
			return bk.State{}, fmt.Errorf("lower plan: target %s comes before it is made", t.Name)
		}
		if t.Changed {
			st, err := img.changes()
			if err != nil {
				return bk.State{}, &plan.Fault{Range: spec.Range{Start: t.Pos, End: t.Pos}, Err: err}
			}
			return st, nil
		}
		return img.stack.state(), nil
	case plan.Layers:
		return bk.State{}, fmt.Errorf("lower plan: the image so far stands where another tree should")
	default:
		return l.opt.Sources.Tree(ctx, t)
	}
}

// ops makes the operations of an image.
func (l *lowering) ops(p *plan.Image) *op.Maker {
	m := l.opt.ops()
	m.Target, m.Inside = p.Target, inside(p, l.opt.ShowPlatform)
	return m
}

// ops makes operations that belong to no image.
func (o Options) ops() *op.Maker {
	return &op.Maker{
		SourceMap: o.SourceMap, Step: o.Step, BuildPlatform: o.BuildPlatform, NoCache: o.NoCache,
		Proxy: o.Run.Proxy, Hosts: o.Run.ExtraHosts, HostNetwork: o.Run.Network == pb.NetMode_HOST, HashesMounts: o.HashesMounts,
	}
}
