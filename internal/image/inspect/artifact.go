// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/printable"
)

// Artifact is what there is to say about a manifest that holds no image.
type Artifact struct {
	// Name is the artifact as it was asked for.
	Name      string  `json:"name"`
	Digest    v1.Hash `json:"digest"`
	MediaType string  `json:"mediaType"`
	// ArtifactType is what it is by its own words.
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	// Subject is what it is about.
	Subject *v1.Descriptor  `json:"subject,omitempty"`
	Config  v1.Descriptor   `json:"config"`
	Layers  []v1.Descriptor `json:"layers"`
}

// ReadArtifact reads the manifest of an artifact.
func ReadArtifact(ctx context.Context, s *image.Source) (*Artifact, error) {
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read manifest %s of %s: %w", s.Root.Digest, s.Name, err)
	}
	return &Artifact{
		Name: s.Name.String(), Digest: s.Root.Digest, MediaType: string(s.Root.MediaType), ArtifactType: image.ArtifactType(m),
		Annotations: m.Annotations, Subject: m.Subject, Config: m.Config, Layers: m.Layers,
	}, nil
}

// Print writes what is known of the artifact for a person to read.
func (a *Artifact) Print(w io.Writer) error {
	rows := [][2]string{{"Name", a.Name}, {"Digest", a.Digest.String()}, {"Type", a.MediaType}, {"Artifact", a.ArtifactType}}
	if a.Subject != nil {
		rows = append(rows, [2]string{"About", a.Subject.Digest.String()})
	}
	for i, key := range slices.Sorted(maps.Keys(a.Annotations)) {
		rows = append(rows, [2]string{first(i, "Annotations"), key + "=" + a.Annotations[key]})
	}
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tw, "%s\t%s\n", row[0], printable.Words(row[1]))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	tw = tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "BLOB\tTYPE\tTITLE\tSIZE\tDIGEST")
	for i, l := range a.Layers {
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\n", i+1, printable.Words(string(l.MediaType)), dash(printable.Words(l.Annotations[ocispecs.AnnotationTitle])), human(l.Size), l.Digest)
	}
	return tw.Flush()
}
