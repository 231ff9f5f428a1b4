// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
)

// indexCommand has verbs of its own, a file each.
func indexCommand(t cli.Terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index COMMAND",
		Short: "Make and change indexes, which hold an image for several platforms",
		Long:  "Make and change indexes, which hold an image for several platforms.\n\n" + images.Notation,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return cli.Usage(errors.New("index needs a command: create, append, remove or inspect"), "see \"strata index --help\"")
		},
	}
	cmd.AddCommand(indexCreateCommand(t), indexAppendCommand(t), indexRemoveCommand(t), indexInspectCommand(t))
	return cmd
}

// indexChange fills in a verb that writes an index: its first argument is the
// index, and change puts the entries together with the others.
func indexChange(t cli.Terminal, cmd *cobra.Command, change func(context.Context, *images.Edit, []string) error) *cobra.Command {
	o := &images.IndexOptions{}
	cmd.Long = cmd.Short + ".\n\n" + images.Notation
	cmd.Args = cobra.MinimumNArgs(2)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		o.Name = args[0]
		edit, err := images.NewEdit(t, *o)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, edit.Close()) }()
		if err := change(cmd.Context(), edit, args[1:]); err != nil {
			return err
		}
		return edit.Write(cmd.Context(), t)
	}
	o.Bind(cmd.Flags())
	return cmd
}
