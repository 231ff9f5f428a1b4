// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
)

// targetsCommand lists what a build file has, for people, for programs and for bake.
func targetsCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "targets,format=json"}}
	json, bake := false, false
	cmd := &cobra.Command{
		Use:   "targets [flags] [PATH | URL | -]",
		Short: "List the targets of a build file, with their tags and platforms",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			switch {
			case bake && json:
				return cli.Usage(errors.New("--bake and --json do not go together"), "")
			case bake:
				return job.Bake(cmd.Context(), t, *o)
			case json:
				return job.Build(cmd.Context(), t, *o)
			}
			return job.Targets(cmd.Context(), t, *o)
		},
	}
	o.BindQuestion(cmd.Flags(), t)
	cmd.Flags().BoolVar(&json, "json", false, "print them as JSON")
	cmd.Flags().BoolVar(&bake, "bake", false, "print them as a file for docker buildx bake")
	return cmd
}
