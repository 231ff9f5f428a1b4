// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
)

// diffOptions are the flags and arguments of "strata diff".
type diffOptions struct {
	registries images.Registries
	comparison images.Comparison
	images     []string
}

func diffCommand(t cli.Terminal) *cobra.Command {
	o := &diffOptions{}
	cmd := &cobra.Command{
		Use:   "diff [flags] A B",
		Short: "Show how two images differ",
		Long: `Show how two images differ: manifests, configurations, layers, and the files that
a container sees. The exit status is 3 when they do.

` + images.Notation,
		Example: "  strata diff oci:out example.org/app:1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.images = args
			return runDiff(cmd.Context(), t, *o)
		},
	}
	cmd.Flags().StringVar(&o.comparison.Platform, "platform", "", "only the images for one `PLATFORM`")
	o.comparison.Bind(cmd.Flags())
	o.registries.Bind(cmd.Flags())
	return cmd
}

func runDiff(ctx context.Context, t cli.Terminal, o diffOptions) error {
	names, err := images.ParseNames(o.images)
	if err != nil {
		return err
	}
	compare, err := o.comparison.Options()
	if err != nil {
		return err
	}
	opt, err := o.registries.Options(t.Env)
	if err != nil {
		return err
	}
	r, err := images.Compare(ctx, names[0], names[1], opt, compare)
	if err != nil {
		return err
	}
	return o.comparison.Print(t.Text(), r)
}
