// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/sbom"
)

// ofTheLock is what an image's packages and those of the targets it stands on
// were resolved to, and whether there is anything else in it.
type ofTheLock struct {
	file     *lock.File
	name     string
	platform string
	targets  []string
	whole    bool
}

// lockOf finds the locked packages of an image.
func lockOf(made *image) *ofTheLock {
	p, file := made.plan, made.lock
	img := p.Images[len(p.Images)-1]
	out := &ofTheLock{file: file, name: img.Target, platform: img.Platform, whole: true}
	for img != nil {
		if file.Platform(img.Target, img.Platform) != nil {
			out.targets = append(out.targets, img.Target)
		}
		for _, l := range img.Layers {
			out.whole = out.whole && l.Strategy == "packages"
		}
		if img.From.Kind != plan.Target {
			out.whole = out.whole && img.From.Kind == plan.Scratch
			break
		}
		img = p.Image(img.From.Name, img.From.Platform)
	}
	out.whole = out.whole && len(out.targets) > 0
	return out
}

// attestation makes the SBOM that the lock gives.
func (l *ofTheLock) attestation(ctx context.Context, d *source.Daemon, epoch *time.Time) (a client.Attestation, err error) {
	subject := sbom.Subject{Name: l.name, Platform: l.platform}
	if epoch != nil {
		subject.Created = *epoch
	}
	text, err := sbom.Write(l.file, subject, l.targets...)
	if err != nil {
		return a, err
	}
	const file = "strata.spdx.json"
	st := bk.Scratch().File(bk.Mkfile("/"+file, 0o644, text), bk.WithCustomName("write the SBOM of the lock"))
	ref, err := d.Solve(ctx, st)
	if err != nil {
		return a, fmt.Errorf("write the SBOM of the lock: %w", err)
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
