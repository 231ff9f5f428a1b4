// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/command"
)

var _ distro.Steps = System{}

// Unpack are the helper's arguments for unpacking packages.
func (System) Unpack(u distro.Unpack) []string {
	return command.Unpack{Skeleton: u.Skeleton, Archives: u.Archives, Out: u.Outs[0], Meta: u.Meta, Expected: u.Expected}.Args()
}

// Check returns nothing: packages can always be registered.
func (System) Check(distro.Check) []string { return nil }

// Install is the step that installs packages. The helper writes the database itself,
// so it needs no tool of the image but a shell for the maintainer scripts.
func (System) Install(i distro.Install) (*distro.InstallStep, error) {
	scripts := command.Run
	switch {
	case i.SkipScripts:
		scripts = command.Skip
	case i.Installer == distro.Assemble:
		scripts = command.Follow
	}
	install := command.Install{Metas: i.Metas, Scripts: scripts, Names: i.Names, Files: i.Files, Accounts: i.Accounts}
	if i.Installer != distro.Assemble {
		install.Base = i.Base
	}
	step := &distro.InstallStep{Args: install.Args(), NeedsMetas: true, NeedsBase: install.Base != ""}
	if scripts == command.Run {
		step.RunsImage, step.Memory = true, []string{"/tmp"}
	}
	return step, nil
}
