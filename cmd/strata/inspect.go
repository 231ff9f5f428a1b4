// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/inspect"
	"github.com/strata-build/strata/internal/printable"
)

// inspectOptions are the flags and arguments of "strata inspect".
type inspectOptions struct {
	registries images.Registries
	name       string
	platform   string
	digests    bool
	json       bool
	sbom       bool
	provenance bool
	html       string
	raw        bool
	referrers  bool
}

func inspectCommand(t cli.Terminal) *cobra.Command {
	o := &inspectOptions{}
	cmd := &cobra.Command{
		Use:   "inspect [flags] IMAGE",
		Short: "Show what is in an image",
		Long:  "Show what is in an image: its configuration, and each layer with what made it.\n\n" + images.Notation,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return runInspect(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.platform, "platform", "", "the `PLATFORM` to look at (default this machine's)")
	flags.BoolVar(&o.digests, "digests", false, "show the digests of the tars, and BLAKE3 digests")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.sbom, "sbom", false, "print the list of contents that is attached to the image, or what its package databases have")
	flags.BoolVar(&o.provenance, "provenance", false, "print what is attached to the image about how it was built")
	flags.StringVar(&o.html, "html", "", "write a page with a map of the layers and a list of the files to `FILE`")
	flags.BoolVar(&o.raw, "raw", false, "print the bytes of the manifest or index; with --platform of that image's manifest")
	flags.BoolVar(&o.referrers, "referrers", false, "list what is about the image: signatures, lists of contents, attestations, also cosign's")
	cmd.MarkFlagsMutuallyExclusive("json", "sbom", "provenance", "html", "raw")
	o.registries.Bind(flags)
	return cmd
}

func runInspect(ctx context.Context, t cli.Terminal, o inspectOptions) error {
	n, err := image.Parse(o.name)
	if err != nil {
		return cli.Usage(err, "")
	}
	platform, err := images.ParsePlatform(o.platform)
	if err != nil {
		return err
	}
	opt, err := o.registries.Options(t.Env)
	if err != nil {
		return err
	}
	opt.Platform = platform
	s, err := image.Open(ctx, n, opt)
	if err != nil {
		return err
	}
	defer s.Close()
	look := inspect.Options{Platform: platform, BLAKE3: o.digests, Referrers: o.referrers}
	switch {
	case o.raw:
		return printBytes(ctx, t, s, platform)
	case o.sbom || o.provenance:
		return printStatements(ctx, t, s, look, o)
	}
	report, err := inspect.Image(ctx, s, look)
	if artifact, ok := errors.AsType[*image.ArtifactError](err); ok && artifact.Digest == s.Root.Digest {
		return printArtifact(ctx, t, s, o)
	}
	if err != nil {
		return err
	}
	switch {
	case o.html != "":
		return writePage(report, o.html)
	case o.json:
		enc := json.NewEncoder(t.Text())
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	return report.Print(t.Text(), o.digests)
}

// printBytes prints a manifest or an index as it is.
func printBytes(ctx context.Context, t cli.Terminal, s *image.Source, p *v1.Platform) error {
	d := s.Root
	if p != nil {
		var err error
		if d, err = s.Select(ctx, p); err != nil {
			return err
		}
	}
	raw, err := s.Manifest(ctx, d)
	if err != nil {
		return err
	}
	_, err = t.Exact().Write(raw)
	return err
}

// printArtifact prints what is known of a manifest that holds no image.
func printArtifact(ctx context.Context, t cli.Terminal, s *image.Source, o inspectOptions) error {
	a, err := inspect.ReadArtifact(ctx, s)
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(t.Text())
		enc.SetIndent("", "  ")
		return enc.Encode(a)
	}
	return a.Print(t.Text())
}

// printStatements prints the attestations of one kind: one as it is, several as
// a list. Without a list of contents, one is made.
func printStatements(ctx context.Context, t cli.Terminal, s *image.Source, look inspect.Options, o inspectOptions) error {
	d, err := s.Select(ctx, look.Platform)
	if err != nil {
		return err
	}
	all, err := inspect.Attestations(ctx, s, d.Digest)
	if err != nil {
		return err
	}
	var found []json.RawMessage
	for _, a := range all {
		if o.sbom && !a.IsSBOM() || o.provenance && !a.IsProvenance() {
			continue
		}
		predicate, err := a.Predicate(ctx, s)
		if err != nil {
			return err
		}
		found = append(found, predicate)
	}
	if len(found) == 0 && o.sbom {
		return printContents(ctx, t, s, look)
	}
	if len(found) == 0 {
		return cli.Hint(
			fmt.Errorf("%s has no statement of how it was built attached", s.Name),
			"strata build --provenance=true attaches one",
		)
	}
	enc := json.NewEncoder(t.Text())
	enc.SetIndent("", "  ")
	if len(found) == 1 {
		return enc.Encode(found[0])
	}
	return enc.Encode(found)
}

// printContents prints what an image's package databases have, as an SPDX
// document.
func printContents(ctx context.Context, t cli.Terminal, s *image.Source, look inspect.Options) error {
	text, err := inspect.SBOM(ctx, s, look)
	if errors.Is(err, inspect.ErrNoPackages) {
		return cli.Hint(
			fmt.Errorf("%s has no list of its contents attached, and %w", s.Name, inspect.ErrNoPackages),
			"strata build --sbom=true attaches one",
		)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Messages(), "%s has no list of its contents attached: this one is made from its package databases\n", printable.Line(s.Name.String()))
	_, err = t.Text().Write(text)
	return err
}

// writePage writes the page; the file appears when it is whole.
func writePage(report *inspect.Report, path string) (err error) {
	var out atomicfile.Stage
	defer func() { err = errors.Join(err, out.Discard()) }()
	file, err := out.File(path)
	if err != nil {
		return cli.Usage(fmt.Errorf("--html: %w", err), "")
	}
	w, err := file.Open()
	if err != nil {
		return err
	}
	if err := errors.Join(report.WriteHTML(w), w.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return out.Commit()
}
