// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"log"
	"strings"

	"github.com/moby/buildkit/util/bklog"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/engine"
)

// verbs are the commands, in the order that help lists them.
func verbs(t cli.Terminal) []*cobra.Command {
	return []*cobra.Command{
		initCommand(t),
		buildCommand(t),
		testCommand(t),
		checkCommand(t),
		planCommand(t),
		targetsCommand(t),
		graphCommand(t),
		llbCommand(t),
		lockCommand(t),
		copyCommand(t),
		tagCommand(t),
		indexCommand(t),
		inspectCommand(t),
		exportCommand(t),
		diffCommand(t),
		verifyCommand(t),
		schemaCommand(t),
		duCommand(t),
		pruneCommand(t),
		versionCommand(t),
		manualCommand(t),
		engineCommand(),
	}
}

// quiet silences the loggers of libraries: what is important is returned as an error.
// The engine has a log of its own.
func quiet() {
	bklog.L.Logger.SetLevel(logrus.FatalLevel)
	log.SetOutput(io.Discard)
}

// run runs one command line and gives its exit status.
func run(ctx context.Context, t cli.Terminal, args []string) int {
	t.In = cli.Interruptible(ctx, t.In)
	root := &cobra.Command{
		Use:           "strata",
		Short:         "Build container images layer by layer",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	started := false // until a verb runs, an error is cobra's and about usage
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.ValidateFlagGroups(); err != nil { // cobra does so only after this
			return err
		}
		started = true
		if cmd.Name() != engine.Subcommand {
			quiet()
		}
		return nil
	}
	root.SetIn(t.In)
	root.SetOut(t.Out)
	root.SetErr(t.Err)
	root.SetArgs(args)
	root.AddCommand(verbs(t)...)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !started {
		text, more, found := strings.Cut(err.Error(), "\n\nDid you mean this?")
		if found {
			more = "Did you mean this?" + strings.TrimRight(more, "\n") + "\n"
		}
		err = cli.Usage(cli.Reword(err, text), more+"see \""+cmd.CommandPath()+" --help\"")
	}
	return cli.Exit(ctx, t.Err, err)
}
