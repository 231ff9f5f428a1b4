// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
)

func buildCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Table: true}}
	cmd := &cobra.Command{
		Use:   "build [flags] [PATH | URL | -]",
		Short: "Build an image",
		Long: `Build an image from the strata.yaml in PATH (the current directory by default),
in the repository or archive at URL, or in a tar archive on the standard input.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			return job.Build(cmd.Context(), t, *o)
		},
	}
	o.Bind(cmd.Flags(), t)
	return cmd
}
