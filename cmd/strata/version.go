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

// version is that of a release, which the linker puts here:
// -ldflags "-X main.version=1.2.3". It is empty in other builds.
var version string

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
	buildkit := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/moby/buildkit" {
				buildkit = dep.Version
			}
		}
	}
	return fmt.Sprintf("strata %s, BuildKit %s, %s/%s", ownVersion(), buildkit, runtime.GOOS, runtime.GOARCH)
}

// ownVersion is the release's version, or what Go knows of where the program is from.
func ownVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(unknown)"
}
