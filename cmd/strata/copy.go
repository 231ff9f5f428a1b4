// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/internal/image/transfer"
)

// copyOptions are the flags and arguments of "strata copy".
type copyOptions struct {
	registries          images.Registries
	source, destination string
	platform            string
	progress            string
	jobs                int
	referrers           bool
}

func copyCommand(t cli.Terminal) *cobra.Command {
	o := &copyOptions{}
	cmd := &cobra.Command{
		Use:   "copy [flags] SOURCE DESTINATION",
		Short: "Copy an image from one place to another",
		Long:  "Copy an image, with all its platforms and attestations, from one place to another.\n\n" + images.Notation,
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source, o.destination = args[0], args[1]
			return runCopy(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.platform, "platform", "", "only the image for one `PLATFORM`, without an index")
	flags.BoolVar(&o.referrers, "referrers", false, "take along what is about the image: signatures, lists of contents, attestations, also cosign's")
	flags.StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, plain or quiet")
	flags.IntVar(&o.jobs, "jobs", 6, "how many blobs are copied at once")
	o.registries.Bind(flags)
	return cmd
}

func runCopy(ctx context.Context, t cli.Terminal, o copyOptions) error {
	names, err := images.ParseNames([]string{o.source, o.destination})
	if err != nil {
		return err
	}
	if o.jobs < 1 {
		return cli.Usage(fmt.Errorf("--jobs %d: it must be at least 1", o.jobs), "")
	}
	opt := transfer.Options{Parallel: o.jobs, Referrers: o.referrers}
	if opt.Options, err = o.registries.Options(t.Env); err != nil {
		return err
	}
	if opt.Platform, err = images.ParsePlatform(o.platform); err != nil {
		return err
	}
	progress, err := images.NewProgress(t.Err, o.progress)
	if err != nil {
		return cli.Usage(err, "")
	}
	opt.Report = progress
	d, err := transfer.Copy(ctx, names[0], names[1], opt)
	progress.Close()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.Text(), d.Digest)
	return err
}
