// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/printable"
)

// indexInspectOptions are the flags and arguments of "strata index inspect".
type indexInspectOptions struct {
	registries images.Registries
	name       string
	raw, json  bool
}

func indexInspectCommand(t cli.Terminal) *cobra.Command {
	o := &indexInspectOptions{}
	cmd := &cobra.Command{
		Use:   "inspect [flags] INDEX",
		Short: "Show what an index holds",
		Long:  "Show what an index holds.\n\n" + images.Notation,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return runIndexInspect(cmd.Context(), t, *o)
		},
	}
	cmd.Flags().BoolVar(&o.raw, "raw", false, "print the bytes of the index")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the index as JSON, with its digest")
	o.registries.Bind(cmd.Flags())
	return cmd
}

func runIndexInspect(ctx context.Context, t cli.Terminal, o indexInspectOptions) error {
	names, err := images.ParseNames([]string{o.name})
	if err != nil {
		return err
	}
	opt, err := o.registries.Options(t.Env)
	if err != nil {
		return err
	}
	s, err := image.Open(ctx, names[0], opt)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.raw {
		raw, err := s.Manifest(ctx, s.Root)
		if err != nil {
			return err
		}
		_, err = t.Exact().Write(raw)
		return err
	}
	index, err := s.Index(ctx)
	if err != nil {
		return err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(t.Text())
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			Digest v1.Hash `json:"digest"`
			*v1.IndexManifest
		}{s.Root.Digest, m})
	}
	return printIndex(t.Text(), s, m)
}

// printIndex prints a table of the entries.
func printIndex(w io.Writer, s *image.Source, m *v1.IndexManifest) error {
	fmt.Fprintf(w, "Name    %s\nDigest  %s\nType    %s\n", printable.Line(s.Name.String()), s.Root.Digest, printable.Line(string(m.MediaType)))
	for _, key := range slices.Sorted(maps.Keys(m.Annotations)) {
		fmt.Fprintf(w, "        %s=%s\n", printable.Line(key), printable.Line(m.Annotations[key]))
	}
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "\nPLATFORM\tDIGEST\tTYPE")
	for _, d := range m.Manifests {
		platform, kind := images.PlatformName(d.Platform), string(d.MediaType)
		if image.IsAttestation(d) {
			platform, kind = "", "attestation of "+d.Annotations["vnd.docker.reference.digest"]
		} else if !image.IsImageType(d.ArtifactType) {
			kind = d.ArtifactType
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", printable.Line(platform), d.Digest, printable.Line(kind))
		for _, key := range slices.Sorted(maps.Keys(d.Annotations)) {
			if !image.IsAttestation(d) {
				fmt.Fprintf(tw, "\t  %s=%s\t\n", printable.Line(key), printable.Line(d.Annotations[key]))
			}
		}
	}
	return tw.Flush()
}
