// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package command has the step helper's subcommands about Debian's packages: their
// arguments are made and read here.
package command

import (
	"math"
	"slices"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/command"
)

// The subcommands and what they take.
const (
	UnpackUsage   = unpackName + " [--filter -PATTERN|+PATTERN]... [--more OUT]... [--expect FILE/NAME/VERSION/ARCH/SIZE[/SHA256]]... DIR OUT META"
	CheckUsage    = checkName + " BASE METAS OUT"
	RegisterUsage = registerName + " [--name NAME]... " + call.EntriesUsage + " --base DIR --meta DIR"
	NativeUsage   = nativeName + " [--name NAME]... [--allow-held] [--keep-conffiles] [--expect FILE/NAME/VERSION/ARCH/SIZE[/SHA256]]... " + call.EntriesUsage + " --base DIR -- FILE..."
	MarkUsage     = markName + " [--name NAME]... --base DIR"
	AssembleUsage = assembleName + " --meta DIR [--skip-scripts] " + call.EntriesUsage

	unpackName   = "unpack-deb"
	checkName    = "check-deb"
	registerName = "register-deb"
	nativeName   = "native-deb"
	markName     = "mark-deb"
	assembleName = "assemble-deb"
)

// Unpack unpacks packages as layers, and writes what the next steps need to know of
// them.
type Unpack struct {
	// Filters are the paths that are left out.
	Filters []string
	// Archives is the directory of the packages' files, Outs are empty directories, at
	// least one, that their files are divided among, and Meta is one for what is known of them.
	Archives string
	Outs     []string
	Meta     string
	// Expected is what is known of the files.
	Expected []command.Expected
}

// Args are the helper's arguments.
func (c Unpack) Args() []string {
	return slices.Concat([]string{unpackName}, call.Each("filter", c.Filters), call.Each("more", c.Outs[1:]),
		call.Each(command.ExpectFlag, command.Words(c.Expected)), call.Operands(c.Archives, c.Outs[0], c.Meta))
}

// ParseUnpack reads the arguments after the name.
func ParseUnpack(args []string) (Unpack, error) {
	var c Unpack
	var more []string
	set := call.Flags(unpackName)
	set.Var((*call.List)(&c.Filters), "filter", "")
	set.Var((*call.List)(&more), "more", "")
	set.Var((*command.Packages)(&c.Expected), command.ExpectFlag, "")
	err := call.Parse(set, args, 3, 3)
	c.Archives, c.Outs, c.Meta = set.Arg(0), append([]string{set.Arg(1)}, more...), set.Arg(2)
	return c, err
}

// Check writes how packages get into a base.
type Check struct {
	// Base is the base's root, Metas has what Unpack wrote about each group of
	// packages, and Out is an empty directory.
	Base, Metas, Out string
}

// Args are the helper's arguments.
func (c Check) Args() []string {
	return append([]string{checkName}, call.Operands(c.Base, c.Metas, c.Out)...)
}

// ParseCheck reads the arguments after the name.
func ParseCheck(args []string) (Check, error) {
	set := call.Flags(checkName)
	err := call.Parse(set, args, 3, 3)
	return Check{Base: set.Arg(0), Metas: set.Arg(1), Out: set.Arg(2)}, err
}

// Register enters unpacked packages in the image's database and lets its dpkg
// configure them.
type Register struct {
	// Base is the image without the packages, and Metas has what Unpack wrote about
	// each group of them.
	Base, Metas string
	// Names are those that were asked for.
	Names []string
	// Accounts are there before scripts run.
	Accounts call.Entries
}

// Args are the helper's arguments.
func (c Register) Args() []string {
	return slices.Concat([]string{registerName}, call.Each("name", c.Names), c.Accounts.Flags(), []string{"--base", c.Base, "--meta", c.Metas})
}

// ParseRegister reads the arguments after the name.
func ParseRegister(args []string) (Register, error) {
	var c Register
	set := call.Flags(registerName)
	c.Accounts.Define(set)
	set.Var((*call.List)(&c.Names), "name", "")
	set.StringVar(&c.Base, "base", "", "")
	set.StringVar(&c.Metas, "meta", "", "")
	err := call.Parse(set, args, 0, 0)
	return c, err
}

// Native lets the image's own tool install packages' files.
type Native struct {
	// Base is the image without the packages.
	Base  string
	Files []string
	// Names are those that were asked for.
	Names []string
	// AllowHeld lets packages change that the base holds.
	AllowHeld bool
	// KeepConffiles keeps configuration files that are there already.
	KeepConffiles bool
	// Expected is what is known of the files.
	Expected []command.Expected
	// Accounts are there before scripts run.
	Accounts call.Entries
}

// Args are the helper's arguments.
func (c Native) Args() []string {
	return slices.Concat([]string{nativeName}, call.Each("name", c.Names), call.Switch("allow-held", c.AllowHeld),
		call.Switch("keep-conffiles", c.KeepConffiles), call.Each(command.ExpectFlag, command.Words(c.Expected)),
		c.Accounts.Flags(), []string{"--base", c.Base, "--"}, c.Files)
}

// ParseNative reads the arguments after the name.
func ParseNative(args []string) (Native, error) {
	var c Native
	set := call.Flags(nativeName)
	c.Accounts.Define(set)
	set.Var((*call.List)(&c.Names), "name", "")
	set.BoolVar(&c.AllowHeld, "allow-held", false, "")
	set.BoolVar(&c.KeepConffiles, "keep-conffiles", false, "")
	set.Var((*command.Packages)(&c.Expected), command.ExpectFlag, "")
	set.StringVar(&c.Base, "base", "", "")
	err := call.Parse(set, args, 1, math.MaxInt)
	c.Files = set.Args()
	return c, err
}

// Mark notes in the image's database that packages which it has were asked for.
type Mark struct {
	// Base is the image as it was.
	Base  string
	Names []string
}

// Args are the helper's arguments.
func (c Mark) Args() []string {
	return append(append([]string{markName}, call.Each("name", c.Names)...), "--base", c.Base)
}

// ParseMark reads the arguments after the name.
func ParseMark(args []string) (Mark, error) {
	var c Mark
	set := call.Flags(markName)
	set.Var((*call.List)(&c.Names), "name", "")
	set.StringVar(&c.Base, "base", "", "")
	err := call.Parse(set, args, 0, 0)
	return c, err
}

// Assemble installs unpacked packages where nothing can be run.
type Assemble struct {
	// Metas has what Unpack wrote about each group of packages.
	Metas       string
	SkipScripts bool
	// Accounts are there before scripts run.
	Accounts call.Entries
}

// Args are the helper's arguments.
func (c Assemble) Args() []string {
	return slices.Concat([]string{assembleName, "--meta", c.Metas}, call.Switch("skip-scripts", c.SkipScripts), c.Accounts.Flags())
}

// ParseAssemble reads the arguments after the name.
func ParseAssemble(args []string) (Assemble, error) {
	var c Assemble
	set := call.Flags(assembleName)
	c.Accounts.Define(set)
	set.StringVar(&c.Metas, "meta", "", "")
	set.BoolVar(&c.SkipScripts, "skip-scripts", false, "")
	err := call.Parse(set, args, 0, 0)
	return c, err
}
