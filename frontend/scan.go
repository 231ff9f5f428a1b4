// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/attestations/sbom"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/result"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
)

// annotate hands the build file's annotations to the exporters. With several
// platforms, each has its own.
func annotate(rb *dockerui.ResultBuilder, images []*image, several bool) {
	for _, img := range images {
		var p *ocispecs.Platform
		if several {
			p = &img.platform
		}
		for k, v := range img.lowered.Annotations {
			rb.AddMeta(exptypes.AnnotationManifestKey(p, k), []byte(v))
		}
	}
}

// attest makes the SBOMs that the caller asked for: one by the plan and the lock, and a
// scanner's of what these don't know.
func (r *request) attest(ctx context.Context, rb *dockerui.ResultBuilder, images []*image) error {
	if r.daemon.UI.SBOM == nil {
		return nil
	}
	find := sync.OnceValues(func() (sbom.Scanner, error) { return findScanner(ctx, r.daemon) })
	return rb.EachPlatform(ctx, func(ctx context.Context, id string, _ ocispecs.Platform) error {
		i := slices.IndexFunc(images, func(img *image) bool { return platforms.FormatAll(img.platform) == id })
		if i < 0 {
			return fmt.Errorf("scan %s: there is no image for that platform", id)
		}
		contents, whole := contentsOf(ctx, r.daemon, images[i])
		if !contents.IsEmpty() {
			att, err := attestation(ctx, r.daemon, r.epoch, images[i], contents)
			if err != nil {
				return err
			}
			rb.AddAttestation(id, att)
		}
		if whole && !namesScanner(r.options()) {
			return nil // there is nothing that they don't know, and no scanner was named
		}
		scanner, err := find()
		if err != nil {
			return err
		}
		att, err := scanImage(ctx, r.daemon, id, images[i].lowered, scanner)
		if err != nil {
			return fmt.Errorf("scan %s: %w", id, err)
		}
		rb.AddAttestation(id, *att)
		return nil
	})
}

// namesScanner reports whether a request for SBOMs says which scanner makes them. BuildKit
// takes a build argument for that as well.
func namesScanner(opts map[string]string) bool {
	for name, value := range opts {
		kind, ok := strings.CutPrefix(name, source.AttestArg)
		if !ok {
			kind, ok = strings.CutPrefix(name, "attest:")
		}
		if ok && strings.EqualFold(kind, "sbom") && strings.Contains(value, "generator=") {
			return true
		}
	}
	return false
}

// findScanner looks the scanner's image up.
func findScanner(ctx context.Context, d *source.Daemon) (sbom.Scanner, error) {
	scanner, err := sbom.CreateSBOMScanner(ctx, d.Client, d.UI.SBOM.Generator, d.Platform, sourceresolver.Opt{
		ImageOpt: &sourceresolver.ResolveImageOpt{
			ResolveMode: d.UI.ImageResolveMode.String(),
			Platform:    &d.Platform,
		},
	}, d.UI.SBOM.Parameters)
	if err != nil {
		return nil, fmt.Errorf("find the SBOM scanner %s: %w", d.UI.SBOM.Generator, err)
	}
	return scanner, nil
}

// scanImage lets a scanner look at an image.
func scanImage(ctx context.Context, d *source.Daemon, id string, img *llb.Result, scanner sbom.Scanner) (*client.Attestation, error) {
	var opts []bk.ConstraintsOpt
	if img.NoCache {
		opts = append(opts, bk.IgnoreCache)
	}
	att, err := scanner(ctx, id, img.State, nil, opts...)
	if err != nil {
		return nil, err
	}
	return result.ConvertAttestation(&att, func(st *bk.State) (client.Reference, error) { return d.Solve(ctx, *st) })
}
