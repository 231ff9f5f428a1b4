// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
)

// checkCommand is "build --check" as a verb of its own.
func checkCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "check"}}
	json := false
	cmd := &cobra.Command{
		Use:   "check [flags] [PATH | URL | -]",
		Short: "Find mistakes in a build file without building",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			if json {
				o.Report.Call = "check,format=json"
			}
			return job.Build(cmd.Context(), t, *o)
		},
	}
	o.BindQuestion(cmd.Flags(), t)
	cmd.Flags().BoolVar(&json, "json", false, "print the findings as JSON")
	return cmd
}
