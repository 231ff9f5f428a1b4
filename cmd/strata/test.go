// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/frontend"
)

func testCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "build"}}
	cmd := &cobra.Command{
		Use:   "test [flags] [PATH | URL | -]",
		Short: "Build an image and run the tests of its build file in it",
		Long: `Build an image and run the tests of its build file in it, each in a container of
its own, with the image's environment, user and working directory. The exit
status is 1 when one fails.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			results, err := job.Test(cmd.Context(), t, *o)
			if err != nil {
				return err
			}
			return printTests(t.Text(), results)
		},
	}
	flags := cmd.Flags()
	o.Input.Bind(flags, t)
	o.Cache.Bind(flags)
	o.Step.Bind(flags)
	o.Report.BindProgress(flags, t)
	o.Connect.Bind(flags)
	return cmd
}

// printTests prints the result of each test, and returns the status if one failed.
func printTests(w io.Writer, results []frontend.TestResult) error {
	failed, err := frontend.WriteTests(w, results)
	if err == nil && failed > 0 {
		err = cli.Status(cli.StatusFailed)
	}
	return err
}
