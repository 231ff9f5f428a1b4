// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

// planCommand prints what will be built, as JSON.
func planCommand(t terminal) *cobra.Command {
	cmd := explainCommand(t, "strata.plan", &cobra.Command{
		Use:   "plan [flags] [PATH | URL | -]",
		Short: "Print what a build would do, as JSON",
	})
	cmd.Flags().Bool("explain", false, "write words instead: each layer, and what store paths cost")
	return cmd
}

// graphCommand prints the graph for Graphviz.
func graphCommand(t terminal) *cobra.Command {
	return explainCommand(t, "strata.graph", &cobra.Command{
		Use:     "graph [flags] [PATH | URL | -]",
		Short:   "Print a build's graph for Graphviz",
		Example: "  strata graph . | dot -Tsvg > graph.svg",
	})
}

// llbCommand prints the operations, or the definition for BuildKit's own tools.
func llbCommand(t terminal) *cobra.Command {
	cmd := explainCommand(t, "strata.llb", &cobra.Command{
		Use:     "llb [flags] [PATH | URL | -]",
		Short:   "Print a build's LLB",
		Long:    "Print a build's LLB in words, or with --raw as the definition that BuildKit's own tools read.",
		Example: "  strata llb --raw . | buildctl debug dump-llb",
	})
	cmd.Flags().Bool("raw", false, "write the definition instead of words")
	return cmd
}

// explainCommand fills in a verb that shows a build and runs nothing.
func explainCommand(t terminal, call string, cmd *cobra.Command) *cobra.Command {
	o := &buildOptions{call: call}
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.context = "."
		if len(args) == 1 {
			o.context = args[0]
		}
		if raw, err := cmd.Flags().GetBool("raw"); err == nil && raw {
			o.call += ",format=raw"
		}
		if words, err := cmd.Flags().GetBool("explain"); err == nil && words {
			o.call += ",format=explain"
		}
		return runBuild(cmd.Context(), t, *o)
	}
	o.bindInput(cmd.Flags(), t)
	cmd.Flags().StringVar(&o.progress, "progress", "auto", "`KIND` of progress: auto, tty, plain, quiet or rawjson")
	o.connection.bind(cmd.Flags())
	return cmd
}
