// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
)

// graphCommand prints the graph for Graphviz.
func graphCommand(t cli.Terminal) *cobra.Command {
	o := &job.Options{Report: job.Report{Call: "strata.graph"}}
	cmd := &cobra.Command{
		Use:     "graph [flags] [PATH | URL | -]",
		Short:   "Print a build's graph for Graphviz",
		Example: "  strata graph . | dot -Tsvg > graph.svg",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Input.SetContext(args)
			return job.Build(cmd.Context(), t, *o)
		},
	}
	o.BindQuestion(cmd.Flags(), t)
	return cmd
}
