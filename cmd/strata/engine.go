// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/internal/engine"
)

// engineCommand is how a build starts the embedded engine as a process of its
// own. It is not part of the command line's contract.
func engineCommand() *cobra.Command {
	return &cobra.Command{
		Use:                engine.Subcommand,
		Short:              "Run the embedded engine",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return engine.Main(cmd.Context(), args)
		},
	}
}
