// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"cmp"
	"context"
	"fmt"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/sbom"
)

// contentsOf is what an image is made of, as far as the plan and the lock know, and
// whether that is all that a scanner would find.
func contentsOf(ctx context.Context, d *source.Daemon, made *image) (contents *sbom.Contents, whole bool) {
	p, file := made.plan, made.lock
	img := p.Images[len(p.Images)-1]
	contents, whole = &sbom.Contents{}, true
	locked := false
	for img != nil {
		here := file.For(img.Target, img.Platform, cmp.Or(img.Asked, img.Platform))
		locked = locked || here != nil
		contents.AddPackages(file, here)
		for _, l := range img.Layers {
			whole = whole && l.Strategy == "packages"
		}
		if img.From.Kind != plan.Target {
			whole = whole && img.From.Kind == plan.Scratch
			break
		}
		img = p.Image(img.From.Name, img.From.Platform)
	}
	contents.AddPlan(p, known(ctx, d, made.trees))
	return contents, whole && locked
}

// known asks the daemon for what no lock has. What it doesn't say stays unknown.
func known(ctx context.Context, d *source.Daemon, trees *source.Trees) sbom.Known {
	pinner := source.NewPinner(d)
	return sbom.Known{
		File: func(address string) string { return pinner.Digest(ctx, address).String() },
		Commit: func(repository, ref string) (name, commit string) {
			found, _ := pinner.Commit(ctx, repository, ref, "")
			return found.Ref, found.Commit
		},
		Images: func(t plan.Tree) []string {
			images, _ := trees.Images(ctx, t)
			return images
		},
	}
}

// attestation makes the SBOM of what is known of an image.
func attestation(ctx context.Context, d *source.Daemon, epoch *time.Time, made *image, contents *sbom.Contents) (a client.Attestation, err error) {
	img := made.plan.Images[len(made.plan.Images)-1]
	subject := sbom.Subject{Name: img.Target, Platform: img.Platform}
	if epoch != nil {
		subject.Created = *epoch
	}
	text, err := sbom.Write(contents, subject)
	if err != nil {
		return a, err
	}
	const file = "strata.spdx.json"
	st := bk.Scratch().File(bk.Mkfile("/"+file, 0o644, text), bk.WithCustomName("write the SBOM of the plan and the lock"))
	ref, err := d.Solve(ctx, st)
	if err != nil {
		return a, fmt.Errorf("write the SBOM of the plan and the lock: %w", err)
	}
	return client.Attestation{
		Kind: gatewaypb.AttestationKind_InToto,
		Ref:  ref,
		Path: file,
		Metadata: map[string][]byte{
			result.AttestationReasonKey: []byte(result.AttestationReasonSBOM),
		},
		InToto: result.InTotoAttestation{
			PredicateType: sbom.PredicateType,
			Subjects:      []result.InTotoSubject{{Kind: gatewaypb.InTotoSubjectKind_Self}},
		},
	}, nil
}
