// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/llb/spec"
)

// schemaCommand prints the JSON schema of the build file, for editors.
func schemaCommand(t cli.Terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the build file",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := t.Text().Write(spec.Schema())
			return err
		},
	}
}
