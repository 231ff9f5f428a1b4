// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"sync"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/attestations/sbom"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/result"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb"
)

// scanTargets are the lowered images by the id of their platform.
type scanTargets struct {
	mu    sync.Mutex
	by    map[string]*llb.Result
	locks map[string]*ofTheLock
	specs map[string]ocispecs.Platform
}

func newScanTargets() *scanTargets {
	return &scanTargets{by: map[string]*llb.Result{}, locks: map[string]*ofTheLock{}, specs: map[string]ocispecs.Platform{}}
}

func (t *scanTargets) store(p ocispecs.Platform, res *llb.Result, l *ofTheLock) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := platforms.FormatAll(p)
	t.by[id], t.specs[id], t.locks[id] = res, p, l
}

// annotate hands the build file's annotations to the exporters.
func (t *scanTargets) annotate(rb *dockerui.ResultBuilder, multi bool) {
	for id, res := range t.by {
		var p *ocispecs.Platform
		if multi {
			spec := t.specs[id]
			p = &spec
		}
		for k, v := range res.Annotations {
			rb.AddMeta(annotationKey(p, k), []byte(v))
		}
	}
}

// scan makes the SBOMs that the caller asked for.
func (r *request) scan(ctx context.Context, rb *dockerui.ResultBuilder, made *scanTargets) error {
	if r.ui.SBOM == nil {
		return nil
	}
	find := sync.OnceValues(func() (sbom.Scanner, error) { return r.findScanner(ctx) })
	return rb.EachPlatform(ctx, func(ctx context.Context, id string, _ ocispecs.Platform) error {
		res, ok := made.by[id]
		if !ok {
			return fmt.Errorf("scan %s: there is no image for that platform", id)
		}
		att, ok, err := r.attest(ctx, made.locks[id])
		if err != nil {
			return err
		}
		if ok {
			rb.AddAttestation(id, att)
		}
		if !r.scans(made.locks[id]) {
			return nil
		}
		scanner, err := find()
		if err != nil {
			return err
		}
		return r.scanImage(ctx, rb, id, res, scanner)
	})
}

// findScanner looks the scanner's image up.
func (r *request) findScanner(ctx context.Context) (sbom.Scanner, error) {
	scanner, err := sbom.CreateSBOMScanner(ctx, r.client, r.ui.SBOM.Generator, r.buildsOn, sourceresolver.Opt{
		ImageOpt: &sourceresolver.ResolveImageOpt{
			ResolveMode: r.ui.ImageResolveMode.String(),
			Platform:    &r.buildsOn,
		},
	}, r.ui.SBOM.Parameters)
	if err != nil {
		return nil, fmt.Errorf("find the SBOM scanner %s: %w", r.ui.SBOM.Generator, err)
	}
	return scanner, nil
}

// scanImage lets a scanner look at an image.
func (r *request) scanImage(ctx context.Context, rb *dockerui.ResultBuilder, id string, res *llb.Result, scanner sbom.Scanner) error {
	var opts []bk.ConstraintsOpt
	if res.NoCache {
		opts = append(opts, bk.IgnoreCache)
	}
	att, err := scanner(ctx, id, res.State, nil, opts...)
	if err != nil {
		return fmt.Errorf("scan %s: %w", id, err)
	}
	solved, err := result.ConvertAttestation(&att, func(st *bk.State) (client.Reference, error) {
		return r.solve(ctx, *st)
	})
	if err != nil {
		return fmt.Errorf("scan %s: %w", id, err)
	}
	rb.AddAttestation(id, *solved)
	return nil
}
