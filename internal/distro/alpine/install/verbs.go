// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"os"

	"github.com/strata-build/strata/internal/distro/accounts"
	"github.com/strata-build/strata/internal/distro/alpine/command"
	packages "github.com/strata-build/strata/internal/distro/command"
)

// Verbs are the step helper's subcommands about packages of Alpine.
func Verbs() []packages.Verb {
	return []packages.Verb{
		{Usage: command.UnpackUsage, Run: runUnpack},
		{Usage: command.InstallUsage, Run: runInstall},
	}
}

func runUnpack(ctx context.Context, args []string, _ packages.Host) error {
	c, err := command.ParseUnpack(args)
	if err != nil {
		return err
	}
	files, err := packages.Files(c.Archives, "apk")
	if err != nil {
		return err
	}
	return Unpack(ctx, files, c.Out, c.Meta, c.Skeleton, c.Expected)
}

func runInstall(ctx context.Context, args []string, h packages.Host) error {
	c, err := command.ParseInstall(args)
	if err != nil {
		return err
	}
	opt := Options{Meta: c.Metas, Scripts: c.Scripts, Wanted: c.Names, Files: c.Files, Log: os.Stderr, Base: c.Base}
	return h.Change(packages.Change{Run: func() error {
		if err := Protect(opt); err != nil {
			return err
		}
		return accounts.Before("/", c.Accounts, func() error { return Install(ctx, opt) })
	}, Programs: true})
}
