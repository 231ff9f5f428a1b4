// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"context"
	"os"

	"github.com/strata-build/strata/internal/distro/accounts"
	packages "github.com/strata-build/strata/internal/distro/command"
	steps "github.com/strata-build/strata/internal/distro/debian/command"
)

// Verbs are the step helper's subcommands about packages of Debian.
func Verbs() []packages.Verb {
	return []packages.Verb{
		{Usage: steps.UnpackUsage, Run: runUnpack},
		{Usage: steps.CheckUsage, Run: runCheck},
		{Usage: steps.RegisterUsage, Run: runRegister},
		{Usage: steps.NativeUsage, Run: runNative},
		{Usage: steps.MarkUsage, Run: runMark},
		{Usage: steps.AssembleUsage, Run: runAssemble},
	}
}

func runUnpack(ctx context.Context, args []string, _ packages.Host) error {
	c, err := steps.ParseUnpack(args)
	if err != nil {
		return err
	}
	files, err := packages.Files(c.Archives, "deb")
	if err != nil {
		return err
	}
	return Unpack(ctx, files, c.Outs[0], c.Meta, UnpackOptions{Filters: c.Filters, More: c.Outs[1:], Expected: c.Expected})
}

func runCheck(_ context.Context, args []string, _ packages.Host) error {
	c, err := steps.ParseCheck(args)
	if err != nil {
		return err
	}
	return Check(c.Base, c.Metas, c.Out)
}

func runRegister(ctx context.Context, args []string, h packages.Host) error {
	c, err := steps.ParseRegister(args)
	if err != nil {
		return err
	}
	return changeImage(h, func() error {
		return accounts.Before("/", c.Accounts, func() error {
			return Register(ctx, Options{Base: c.Base, Meta: c.Metas, Names: c.Names, Log: os.Stderr})
		})
	})
}

func runNative(ctx context.Context, args []string, h packages.Host) error {
	c, err := steps.ParseNative(args)
	if err != nil {
		return err
	}
	opt := Options{
		Base: c.Base, Names: c.Names, AllowHeld: c.AllowHeld, KeepConffiles: c.KeepConffiles, Expected: c.Expected, Log: os.Stderr,
	}
	return changeImage(h, func() error {
		return accounts.Before("/", c.Accounts, func() error { return Native(ctx, c.Files, opt) })
	})
}

func runMark(_ context.Context, args []string, h packages.Host) error {
	c, err := steps.ParseMark(args)
	if err != nil {
		return err
	}
	return h.Change(packages.Change{Run: func() error { return Mark("/", Options{Base: c.Base, Names: c.Names}) }})
}

func runAssemble(_ context.Context, args []string, h packages.Host) error {
	c, err := steps.ParseAssemble(args)
	if err != nil {
		return err
	}
	return h.Change(packages.Change{Run: func() error { return Assemble(Options{Meta: c.Metas, Accounts: c.Accounts}, c.SkipScripts) }})
}

// changeImage lets the image's own tools change it.
func changeImage(h packages.Host, run func() error) error {
	return h.Change(packages.Change{Run: run, Programs: true, ReadAhead: true})
}
