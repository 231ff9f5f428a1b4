// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
)

// llbCommand prints the operations, or the definition for BuildKit's own tools.
func llbCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "strata.llb"}}
	raw := false
	cmd := &cobra.Command{
		Use:     "llb [flags] [PATH | URL | -]",
		Short:   "Print a build's LLB",
		Long:    "Print a build's LLB in words, or with --raw as the definition that BuildKit's own tools read.",
		Example: "  strata llb --raw . | buildctl debug dump-llb",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			if raw {
				o.Report.Call = "strata.llb,format=raw"
			}
			return job.Build(cmd.Context(), t, *o)
		},
	}
	o.BindQuestion(cmd.Flags(), t)
	cmd.Flags().BoolVar(&raw, "raw", false, "write the definition instead of words")
	return cmd
}
