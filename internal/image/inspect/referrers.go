// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
)

// Referrer is a manifest about an image or its index: a signature, a list of contents,
// an attestation.
type Referrer struct {
	// Type is its artifact type.
	Type   string  `json:"type"`
	Digest v1.Hash `json:"digest"`
	// Subject is the digest of what it is about.
	Subject v1.Hash `json:"subject"`
	// Tag is the tag that cosign keeps it under, if it does.
	Tag string `json:"tag,omitempty"`
	// Annotations are those of its manifest.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// referrers lists what is about an image and the index that it is in.
func referrers(ctx context.Context, s *image.Source, d v1.Descriptor) ([]Referrer, error) {
	subjects := []v1.Hash{s.Root.Digest}
	if d.Digest != s.Root.Digest {
		subjects = append(subjects, d.Digest)
	}
	var out []Referrer
	for _, subject := range subjects {
		found, err := s.Referrers(ctx, subject)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			r, err := readReferrer(ctx, s, f, subject)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// readReferrer completes what a list says of a referrer by what it says itself.
func readReferrer(ctx context.Context, s *image.Source, f image.Referrer, subject v1.Hash) (Referrer, error) {
	r := Referrer{Type: f.ArtifactType, Digest: f.Digest, Subject: subject, Tag: f.Tag, Annotations: f.Annotations}
	raw, err := s.Manifest(ctx, f.Descriptor)
	if err != nil {
		return r, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return r, fmt.Errorf("read %s of %s: %w", f.Digest, s.Name, err)
	}
	if r.Annotations == nil {
		r.Annotations = m.Annotations
	}
	if r.Type == "" {
		r.Type = image.ArtifactType(m)
	}
	if r.Type == "" && len(m.Layers) > 0 { // cosign's are images by their configurations
		r.Type = string(m.Layers[0].MediaType)
	}
	return r, nil
}
