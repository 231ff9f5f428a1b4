// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
)

func indexAppendCommand(t cli.Terminal) *cobra.Command {
	return indexChange(t, &cobra.Command{
		Use:   "append [flags] INDEX IMAGE...",
		Short: "Add images to an index; one of the same platform is replaced",
	}, appendIndex)
}

// appendIndex keeps the other entries.
func appendIndex(ctx context.Context, e *images.Edit, added []string) error {
	if err := e.Load(ctx); err != nil {
		return err
	}
	return e.Add(ctx, added, true)
}
