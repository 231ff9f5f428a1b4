// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
)

func indexRemoveCommand(t cli.Terminal) *cobra.Command {
	return indexChange(t, &cobra.Command{
		Use:   "remove [flags] INDEX PLATFORM|DIGEST...",
		Short: "Remove images from an index, with their attestations",
	}, removeFromIndex)
}

// removeFromIndex removes entries by platform or digest.
func removeFromIndex(ctx context.Context, e *images.Edit, entries []string) error {
	if err := e.Load(ctx); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := e.Remove(entry); err != nil {
			return err
		}
	}
	return nil
}
