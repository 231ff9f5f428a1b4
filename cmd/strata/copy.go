// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/internal/image/transfer"
)

// copyOptions are the words of "strata copy".
type copyOptions struct {
	registryOptions
	source, destination string
	platform            string
	progress            string
	jobs                int
}

const imageNotation = `An image is one of:
  REGISTRY/NAME[:TAG][@DIGEST]      in a registry
  oci:FOLDER[:TAG]                  in an OCI layout
  oci-archive:FILE[:TAG]            in an OCI archive
  docker-archive:FILE[:NAME:TAG]    in an archive of docker's
  docker-daemon:NAME[:TAG]          in docker`

func copyCommand(t terminal) *cobra.Command {
	o := &copyOptions{}
	cmd := &cobra.Command{
		Use:   "copy [flags] SOURCE DESTINATION",
		Short: "Copy an image from one place to another",
		Long:  "Copy an image, with all its platforms and attestations, from one place to another.\n\n" + imageNotation,
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source, o.destination = args[0], args[1]
			return runCopy(cmd.Context(), t, *o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.platform, "platform", "", "only the image for one `PLATFORM`, without an index")
	flags.StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, plain or quiet")
	flags.IntVar(&o.jobs, "jobs", 6, "how many blobs are copied at once")
	o.bind(flags)
	return cmd
}

func runCopy(ctx context.Context, t terminal, o copyOptions) error {
	names, err := parseImages([]string{o.source, o.destination})
	if err != nil {
		return err
	}
	if o.jobs < 1 {
		return usageError(fmt.Errorf("--jobs %d: at least one blob has to be copied at once", o.jobs), "")
	}
	opt := transfer.Options{Parallel: o.jobs}
	if opt.Options, err = o.image(t); err != nil {
		return err
	}
	if opt.Platform, err = parsePlatform(o.platform); err != nil {
		return err
	}
	shown, err := newCopyProgress(t.err, o.progress)
	if err != nil {
		return usageError(err, "")
	}
	opt.Report = shown
	d, err := transfer.Copy(ctx, names[0], names[1], opt)
	shown.close()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.out, d.Digest)
	return err
}
