// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

// checkCommand is "build --check" as a verb of its own.
func checkCommand(t terminal) *cobra.Command {
	o := &buildOptions{call: "check"}
	cmd := &cobra.Command{
		Use:   "check [flags] [PATH | URL | -]",
		Short: "Find faults in a build file without building",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.context = "."
			if len(args) == 1 {
				o.context = args[0]
			}
			if json, _ := cmd.Flags().GetBool("json"); json {
				o.call = "check,format=json"
			}
			return runBuild(cmd.Context(), t, *o)
		},
	}
	o.bindInput(cmd.Flags(), t)
	cmd.Flags().Bool("json", false, "print the findings as JSON")
	cmd.Flags().StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, tty, plain, quiet or rawjson")
	o.connection.bind(cmd.Flags())
	return cmd
}
