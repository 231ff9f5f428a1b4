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

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/diff"
)

// verifyOptions are the words of "strata verify".
type verifyOptions struct {
	buildOptions
	comparison
	registryOptions
	against string
}

func verifyCommand(t terminal) *cobra.Command {
	o := &verifyOptions{}
	o.call = "build"
	cmd := &cobra.Command{
		Use:   "verify [flags] [PATH | URL]",
		Short: "Build twice, or against an image, and show what differs",
		Long: `Build twice without the cache, and show what differs. With --against, build once
and show how the result differs from an image that exists. The exit status is 3
when something differs.`,
		Example: "  strata verify .\n  strata verify --against example.org/app:1 .",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.context = "."
			if len(args) == 1 {
				o.context = args[0]
			}
			return runVerify(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.against, "against", "", "`IMAGE` to compare with, instead of a second build")
	o.comparison.bind(flags)
	o.bindInput(flags, t)
	flags.StringArrayVar(&o.labels, "label", nil, "label of the image: `NAME=VALUE`")
	flags.StringArrayVar(&o.annotations, "annotation", nil, "annotation of the image: `[TYPE:]NAME=VALUE`")
	flags.BoolVar(&o.pull, "pull", false, "look for newer images in the registries")
	o.bindStep(flags)
	flags.StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, tty, plain, quiet or rawjson")
	flags.BoolVar(&o.insecure, "insecure", false, "allow plain http to the registry of --against, and certificates that nobody vouches for")
	flags.StringVar(&o.certDir, "cert-dir", "", "`FOLDER` with certificates for the registry of --against")
	flags.StringVar(&o.authFile, "authfile", "", "`FILE` with credentials for the registry of --against")
	o.connection.bind(flags)
	return cmd
}

// runVerify builds into a folder that goes away, and compares.
func runVerify(ctx context.Context, t terminal, o verifyOptions) (err error) {
	opt, err := o.comparison.options()
	if err != nil {
		return err
	}
	if o.context == "-" || o.file == "-" {
		return usageError(errors.New("verify reads its input more than once, so the standard input won't do"), "give a folder or an address")
	}
	o.registryOptions.config = o.connection.config
	reach, err := o.image(t)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "strata-verify-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	var names []image.Name
	builds := []string{"first", "second"}
	if o.against != "" {
		published, err := image.Parse(o.against)
		if err != nil {
			return usageError(fmt.Errorf("--against: %w", err), "")
		}
		names, builds = append(names, published), []string{"build"}
	}
	for _, build := range builds {
		b := o.buildOptions
		b.noCache = o.against == ""
		path := filepath.Join(dir, build)
		b.outputs = []string{"type=oci,tar=false,dest=" + path}
		if err := runBuild(ctx, t, b); err != nil {
			return err
		}
		names = append(names, image.Name{Transport: image.Layout, Path: path})
	}
	r, err := compareImages(ctx, names[0], names[1], reach, opt)
	if err != nil {
		return err
	}
	return o.show(t.out, named(r, o.against))
}

// named gives the sides the names that the user knows. Platforms that the
// published image has and the build does not make are not the build's affair.
func named(r *diff.Result, against string) *diff.Result {
	r.A, r.B = "first build", "second build"
	if against != "" {
		r.A, r.B = against, "this build"
		r.Platforms = slices.DeleteFunc(r.Platforms, func(p diff.Platform) bool { return p.Only == "a" })
	}
	return r
}
