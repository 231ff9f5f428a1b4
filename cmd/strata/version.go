// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

func versionCommand(t cli.Terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(t.Text(), versionLine())
			return err
		},
	}
}

// versionLine names Strata's version and that of the BuildKit in it.
func versionLine() string {
	version, buildkit := "(unknown)", "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, dep := range info.Deps {
			if dep.Path == "github.com/moby/buildkit" {
				buildkit = dep.Version
			}
		}
	}
	return fmt.Sprintf("strata %s, BuildKit %s, %s/%s", version, buildkit, runtime.GOOS, runtime.GOARCH)
}
