// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"

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

// lockOf finds the locked packages in a plan's last image.
func lockOf(p *plan.Plan, file *lock.File) *ofTheLock {
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

// attest makes the SBOM that the lock gives; ok is false when it knows nothing of
// the image.
func (r *request) attest(ctx context.Context, l *ofTheLock) (a client.Attestation, ok bool, err error) {
	if l == nil || len(l.targets) == 0 {
		return a, false, nil
	}
	subject := sbom.Subject{Name: l.name, Platform: l.platform}
	if r.epoch != nil {
		subject.Created = *r.epoch
	}
	text, err := sbom.Write(l.file, subject, l.targets...)
	if err != nil {
		return a, false, err
	}
	const file = "strata.spdx.json"
	st := bk.Scratch().File(bk.Mkfile("/"+file, 0o644, text), bk.WithCustomName("write the SBOM of the lock"))
	ref, err := r.solve(ctx, st)
	if err != nil {
		return a, false, fmt.Errorf("write the SBOM of the lock: %w", err)
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
	}, true, nil
}

// scans tells whether a scanner is to look at an image: it isn't when the lock
// knows all that is in it, and nobody named a scanner.
func (r *request) scans(l *ofTheLock) bool {
	return l == nil || !l.whole || strings.Contains(r.client.BuildOpts().Opts["attest:sbom"], "generator=")
}
