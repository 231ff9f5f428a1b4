// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
)

// planCommand prints what will be built, as JSON or in words.
func planCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "strata.plan"}}
	explain := false
	cmd := &cobra.Command{
		Use:   "plan [flags] [PATH | URL | -]",
		Short: "Print what a build would do, as JSON",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			if explain {
				o.Report.Call = "strata.plan,format=explain"
			}
			return job.Build(cmd.Context(), t, *o)
		},
	}
	o.BindQuestion(cmd.Flags(), t)
	cmd.Flags().BoolVar(&explain, "explain", false, "write words instead: each layer, and what store paths cost")
	return cmd
}
