// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package command has the step helper's subcommands about Alpine's packages: their
// arguments are made and read here.
package command

import (
	"errors"
	"slices"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/command"
)

// The subcommands and what they take.
const (
	UnpackUsage  = unpackName + " [--skeleton DIR] [--expect FILE/NAME/VERSION/ARCH/SIZE[/SHA256]]... DIR OUT META"
	InstallUsage = installName + " --meta DIR [--base DIR] [--scripts run|skip|follow] [--want PACKAGE]... [--want-file PACKAGE]... " + call.EntriesUsage

	unpackName  = "unpack-apk"
	installName = "install-apk"
)

// Unpack unpacks packages as a layer, and writes what the next step needs to know of
// them.
type Unpack struct {
	// Skeleton has the image's directories and links; empty for none.
	Skeleton string
	// Archives is the directory of the packages' files, Out is an empty one for what
	// they hold, and Meta one for what is known of them.
	Archives, Out, Meta string
	// Expected is what is known of the files.
	Expected []command.Expected
}

// Args are the helper's arguments.
func (c Unpack) Args() []string {
	return slices.Concat([]string{unpackName}, call.Value("skeleton", c.Skeleton),
		call.Each(command.ExpectFlag, command.Words(c.Expected)), call.Operands(c.Archives, c.Out, c.Meta))
}

// ParseUnpack reads the arguments after the name.
func ParseUnpack(args []string) (Unpack, error) {
	var c Unpack
	set := call.Flags(unpackName)
	set.StringVar(&c.Skeleton, "skeleton", "", "")
	set.Var((*command.Packages)(&c.Expected), command.ExpectFlag, "")
	err := call.Parse(set, args, 3, 3)
	c.Archives, c.Out, c.Meta = set.Arg(0), set.Arg(1), set.Arg(2)
	return c, err
}

// Scripts says what is done with maintainer scripts.
type Scripts string

// What can be done with them.
const (
	// Run runs them in the image.
	Run Scripts = "run"
	// Skip leaves them out.
	Skip Scripts = "skip"
	// Follow does what they are known to do, and refuses the others: nothing can
	// be run on scratch.
	Follow Scripts = "follow"
)

// Install enters unpacked packages in the image's database.
type Install struct {
	// Metas has what Unpack wrote about each group of packages, and Base is what they were
	// put on; empty on scratch.
	Metas, Base string
	Scripts     Scripts
	// Names are those that the build file asks for, and Files are the names of packages
	// that it has as files: with what it asks for, the database notes their checksums.
	Names, Files []string
	// Accounts are there before scripts run.
	Accounts call.Entries
}

// Args are the helper's arguments.
func (c Install) Args() []string {
	args := []string{installName, "--meta", c.Metas, "--scripts", string(c.Scripts)}
	return slices.Concat(args, call.Value("base", c.Base), call.Each("want", c.Names), call.Each("want-file", c.Files), c.Accounts.Flags())
}

// ParseInstall reads the arguments after the name.
func ParseInstall(args []string) (Install, error) {
	var c Install
	scripts := string(Run)
	set := call.Flags(installName)
	c.Accounts.Define(set)
	set.StringVar(&c.Metas, "meta", "", "")
	set.StringVar(&c.Base, "base", "", "")
	set.StringVar(&scripts, "scripts", scripts, "")
	set.Var((*call.List)(&c.Names), "want", "")
	set.Var((*call.List)(&c.Files), "want-file", "")
	err := call.Parse(set, args, 0, 0)
	if err == nil && c.Metas == "" {
		err = &call.ArgumentsError{Name: installName, Err: errors.New("--meta is missing")}
	}
	c.Scripts = Scripts(scripts)
	return c, err
}
