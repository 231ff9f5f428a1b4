// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
)

const (
	attestedDigest = "vnd.docker.reference.digest"
	predicateType  = "in-toto.io/predicate-type"
	inToto         = "application/vnd.in-toto+json"
	// statementLimit is the most bytes that a statement may have.
	statementLimit = 64 << 20
)

// Attestation is a statement about an image.
type Attestation struct {
	// Type says what is stated, such as https://spdx.dev/Document.
	Type string
	blob v1.Descriptor
}

// IsSBOM reports whether the statement lists what is in the image.
func (a Attestation) IsSBOM() bool {
	return strings.HasPrefix(a.Type, "https://spdx.dev/") || strings.HasPrefix(a.Type, "https://cyclonedx.org/")
}

// IsProvenance reports whether the statement says how the image was built.
func (a Attestation) IsProvenance() bool {
	return strings.HasPrefix(a.Type, "https://slsa.dev/provenance/")
}

// Attestations lists the statements that an index has about an image.
func Attestations(ctx context.Context, s *image.Source, of v1.Hash) ([]Attestation, error) {
	if !s.Root.MediaType.IsIndex() {
		return nil, nil
	}
	index, err := readJSON[v1.IndexManifest](ctx, s, s.Root)
	if err != nil {
		return nil, err
	}
	var out []Attestation
	for _, d := range index.Manifests {
		if d.Annotations[attestedDigest] != of.String() {
			continue
		}
		m, err := readJSON[v1.Manifest](ctx, s, d)
		if errors.Is(err, registry.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			out = append(out, Attestation{Type: "not in this place"}) // a mirror may have the image alone
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, l := range m.Layers {
			if l.MediaType == inToto {
				out = append(out, Attestation{Type: l.Annotations[predicateType], blob: l})
			}
		}
	}
	return out, nil
}

// Predicate reads what is stated, as JSON.
func (a Attestation) Predicate(ctx context.Context, s *image.Source) (json.RawMessage, error) {
	if a.blob.Size > statementLimit {
		return nil, fmt.Errorf("statement %s has %d bytes, which are too many", a.Type, a.blob.Size)
	}
	rc, err := s.Blob(ctx, a.blob)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	data, err := io.ReadAll(rc)
	if err != nil {
		return nil, err
	}
	var statement struct{ Predicate json.RawMessage }
	if err := json.Unmarshal(data, &statement); err != nil {
		return nil, fmt.Errorf("read statement %s: %w", a.Type, err)
	}
	return statement.Predicate, nil
}
