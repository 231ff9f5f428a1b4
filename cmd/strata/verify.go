// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/diff"
)

// verifyOptions are the words of "strata verify".
type verifyOptions struct {
	build      job.Options
	comparison images.Comparison
	// registries are for the image of --against.
	registries images.Registries
	against    string
}

func verifyCommand(t cli.Terminal) *cobra.Command {
	o := &verifyOptions{build: job.Options{Report: job.Report{Call: "build"}}}
	cmd := &cobra.Command{
		Use:   "verify [flags] [PATH | URL]",
		Short: "Build twice, or against an image, and show what differs",
		Long: `Build twice without the cache, and show what differs. With --against, build once
and show how the result differs from an image that exists. The exit status is 3
when something differs.`,
		Example: "  strata verify .\n  strata verify --against example.org/app:1 .",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.build.Input.SetContext(args)
			return runVerify(cmd.Context(), t, *o)
		},
	}
	flags, b := cmd.Flags(), &o.build
	flags.StringVar(&o.against, "against", "", "`IMAGE` to compare with, instead of a second build")
	o.comparison.Bind(flags)
	b.Input.Bind(flags, t)
	flags.StringArrayVar(&b.Output.Labels, "label", nil, "label of the image: `NAME=VALUE`")
	flags.StringArrayVar(&b.Output.Annotations, "annotation", nil, "annotation of the image: `[TYPE:]NAME=VALUE`")
	flags.BoolVar(&b.Cache.Pull, "pull", false, "look for newer images in the registries")
	b.Step.Bind(flags)
	b.Report.BindProgress(flags, t)
	flags.BoolVar(&o.registries.Insecure, "insecure", false, "allow plain http to the registry of --against, and certificates of an unknown authority")
	flags.StringVar(&o.registries.CertDir, "cert-dir", "", "`DIRECTORY` with certificates for the registry of --against")
	flags.StringVar(&o.registries.AuthFile, "authfile", "", "`FILE` with credentials for the registry of --against")
	b.Connect.Bind(flags)
	return cmd
}

// runVerify builds into a temporary directory, and compares.
func runVerify(ctx context.Context, t cli.Terminal, o verifyOptions) (err error) {
	compare, err := o.comparison.Options()
	if err != nil {
		return err
	}
	if o.build.Input.IsStream() {
		return cli.Usage(errors.New("verify reads its input more than once, which the standard input and other streams do not allow"), "give a directory or an address")
	}
	o.registries.Config = o.build.Connect.Config
	opt, err := o.registries.Options(t.Env)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "strata-verify-")
	if err != nil {
		return fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	var names []image.Name
	builds := []string{"first", "second"}
	if o.against != "" {
		published, err := image.Parse(o.against)
		if err != nil {
			return cli.Usage(fmt.Errorf("--against: %w", err), "")
		}
		names, builds = append(names, published), []string{"build"}
	}
	for _, build := range builds {
		b := o.build
		b.Cache.NoCache, b.Report = o.against == "", b.Report.WithoutDigest()
		path := filepath.Join(dir, build)
		b.Output.Outputs = []string{"type=oci,tar=false,dest=" + path}
		if err := job.Build(ctx, t, b); err != nil {
			return err
		}
		names = append(names, image.Name{Transport: image.Layout, Path: path})
	}
	r, err := images.Compare(ctx, names[0], names[1], opt, compare)
	if err != nil {
		return err
	}
	return o.comparison.Print(t.Text(), labelSides(r, o.against))
}

// labelSides gives the sides names that the user knows, and leaves out platforms
// that the published image has and the build was not asked for.
func labelSides(r *diff.Result, against string) *diff.Result {
	r.A, r.B = "first build", "second build"
	if against != "" {
		r.A, r.B = against, "this build"
		r.Platforms = slices.DeleteFunc(r.Platforms, func(p diff.Platform) bool { return p.Only == "a" })
	}
	return r
}
