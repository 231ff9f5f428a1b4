// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"fmt"
	"slices"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/command"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

var _ distro.Steps = System{}

// updatesDir is where dpkg notes down what it does to its database, until it writes
// the whole of that. It waits for the disk at each note, of which none is left at its
// end.
const updatesDir = "/var/lib/dpkg/updates"

// Unpack are the helper's arguments for unpacking packages.
func (System) Unpack(u distro.Unpack) []string {
	return command.Unpack{Filters: u.Filters, Archives: u.Archives, Outs: u.Outs, Meta: u.Meta, Expected: u.Expected}.Args()
}

// Check are the helper's arguments for the verdict on a base.
func (System) Check(c distro.Check) []string {
	return command.Check{Base: c.Base, Metas: c.Metas, Out: c.Out}.Args()
}

// Install is the step that installs packages.
func (System) Install(i distro.Install) (*distro.InstallStep, error) {
	memory := []string{"/tmp", updatesDir}
	names := plainNames(slices.Concat(i.Names, i.Files))
	switch i.Installer {
	case distro.Register:
		if len(i.Archives) == 0 {
			return &distro.InstallStep{Args: command.Mark{Base: i.Base, Names: names}.Args(), NeedsBase: true}, nil
		}
		return &distro.InstallStep{
			Args:      command.Register{Base: i.Base, Metas: i.Metas, Names: names, Accounts: i.Accounts}.Args(),
			NeedsBase: true, NeedsMetas: true, RunsImage: true, Memory: memory,
		}, nil
	case distro.Native:
		return &distro.InstallStep{
			Args: command.Native{
				Base: i.Base, Files: i.Archives, Names: names, AllowHeld: i.AllowHeld, KeepConffiles: i.KeepConffiles, Expected: i.Expected, Accounts: i.Accounts,
			}.Args(),
			NeedsBase: true, NeedsArchives: true, RunsImage: true, Memory: memory,
		}, nil
	case distro.Assemble:
		return &distro.InstallStep{Args: command.Assemble{Metas: i.Metas, SkipScripts: i.SkipScripts, Accounts: i.Accounts}.Args(), NeedsMetas: true}, nil
	}
	return nil, fmt.Errorf("install packages: there is no installer %q", i.Installer)
}

// plainNames are requested names without their versions and suites; an architecture
// stays.
func plainNames(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if w, err := resolve.ParseWanted(name); err == nil && !w.Not {
			name = w.FullName()
		} else {
			name = distro.PlainName(name)
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
