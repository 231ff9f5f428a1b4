// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/offline"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
)

// lookBelow finds the image that a Dockerfile's stage is on, and says in the stage's own what that is
// for. The frontend writes down what was wanted, whatever the base is for.
func (d *dockerfiles) lookBelow(ctx context.Context, out *found) error {
	if out.image == nil {
		return nil
	}
	def, err := d.daemon.Marshal(ctx, out.state)
	if err != nil {
		return err
	}
	base, err := stageBase(def.ToPB())
	if err != nil || base == nil {
		return err
	}
	ref, isImage := strings.CutPrefix(base.GetSource().GetIdentifier(), "docker-image://")
	if !isImage || base.Platform == nil {
		return nil
	}
	asked := platforms.Normalize(ocispecs.Platform{OS: base.Platform.OS, Architecture: base.Platform.Architecture, Variant: base.Platform.Variant})
	in := plan.Tree{Kind: plan.Registry, Name: offline.Image(ref), Platform: platforms.FormatAll(asked)}
	_, config, err := d.daemon.resolve(ctx, in, asked)
	if err != nil {
		return err
	}
	img := &dockerspec.DockerOCIImage{}
	if err := json.Unmarshal(config, img); err != nil {
		return fmt.Errorf("read the configuration of %s: %w", in.Name, err)
	}
	if img.OS != "" && img.Architecture != "" {
		out.image.OS, out.image.Architecture, out.image.Variant = img.OS, img.Architecture, img.Variant
	}
	out.tree.Chosen = in.Platform != out.tree.Platform
	below := bk.Image(in.Name, bk.Platform(asked), d.daemon.UI.ImageResolveMode, bk.WithCustomName("[base] "+printable.Line(in.Name)))
	out.below = &below
	return nil
}

// Above is what a Dockerfile's stage has above the image that it is on.
func Above(ctx context.Context, t *Trees, in plan.Tree) (bk.State, error) {
	src, err := t.look(ctx, in)
	if err != nil {
		return bk.State{}, err
	}
	if src.below == nil || !t.finder.daemon.Merges() {
		return src.state, nil
	}
	return bk.Diff(*src.below, src.state, bk.WithCustomName("[internal] what "+printable.Line(in.Words())+" changes")), nil
}

// stageBase is the source that a graph's result stands on; nil for scratch.
func stageBase(def *pb.Definition) (*pb.Op, error) {
	ops := map[string]*pb.Op{}
	var last *pb.Op
	for _, data := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(data); err != nil {
			return nil, fmt.Errorf("read the Dockerfile's graph: %w", err)
		}
		ops[digest.FromBytes(data).String()], last = op, op
	}
	for op, at := last, int64(0); op != nil; {
		if op.GetSource() != nil {
			return op, nil
		}
		if at = below(op); at < 0 || at >= int64(len(op.Inputs)) {
			return nil, nil //nolint:nilnil // scratch is no source
		}
		op = ops[op.Inputs[at].Digest]
	}
	return nil, nil //nolint:nilnil // as above
}

// below is the input that an operation changes; -1 for none.
func below(op *pb.Op) int64 {
	switch {
	case op.GetExec() != nil:
		for _, m := range op.GetExec().Mounts {
			if m.Dest == pb.RootMount {
				return m.Input
			}
		}
		return -1
	case op.GetFile() != nil:
		if actions := op.GetFile().Actions; len(actions) > 0 {
			return actions[0].Input
		}
		return -1
	case op.GetDiff() != nil:
		return -1
	default: // what is the result, and what merges: the first is the lowest
		return 0
	}
}
