// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
)

func indexCreateCommand(t cli.Terminal) *cobra.Command {
	return indexChange(t, &cobra.Command{
		Use:   "create [flags] NEW IMAGE...",
		Short: "Make an index of images that are there",
	}, createIndex)
}

// createIndex starts with nothing.
func createIndex(ctx context.Context, e *images.Edit, added []string) error {
	return e.Add(ctx, added, false)
}
