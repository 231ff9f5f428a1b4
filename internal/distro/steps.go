// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/command"
)

// Steps say how the step helper gets packages of a system into an image. What they
// return is written and read in one place for each system.
type Steps interface {
	// Unpack are the helper's arguments for unpacking packages.
	Unpack(u Unpack) []string
	// Check are the helper's arguments for a [Verdict]; nil where packages can always
	// be registered.
	Check(c Check) []string
	// Install is the step that installs packages.
	Install(i Install) (*InstallStep, error)
}

// Unpack says where unpacking finds packages, and where it puts what it makes.
type Unpack struct {
	// Archives is the directory of the package files.
	Archives string
	// Outs are empty directories, one for each layer.
	Outs []string
	// Meta is the empty directory for what the next steps must know.
	Meta string
	// Filters are the paths that are left out.
	Filters []string
	// Skeleton has the directories and links of the image; empty when there is none.
	Skeleton string
	// Expected is what is known of the package files.
	Expected []Expected
}

// Expected is what is known of a package's file in the directory of all of them.
type Expected = command.Expected

// Check says where a base is looked at.
type Check struct {
	// Base is the base's root, Metas the directory with what unpacking left about
	// each group of packages, and Out the empty directory for the verdict.
	Base, Metas, Out string
}

// Install says how packages are installed, in the image that the helper runs in.
type Install struct {
	Installer   Installer
	SkipScripts bool
	// AllowHeld lets packages change that the base holds.
	AllowHeld bool
	// KeepConffiles keeps configuration files that are there already.
	KeepConffiles bool
	// Names are those that the build file asks for, and Files are the names of packages
	// that it has as files.
	Names, Files []string
	// Base is where the image without the packages is, Metas the directory with what
	// unpacking left about each group of packages, and Archives are the files of the
	// packages: the step says which of them it needs.
	Base, Metas string
	Archives    []string
	// Expected is what is known of these files.
	Expected []Expected
	// Accounts are users and groups that are there before scripts make some.
	Accounts call.Entries
}

// InstallStep is a step that installs packages.
type InstallStep struct {
	// Args are the helper's arguments.
	Args []string
	// NeedsBase, NeedsMetas and NeedsArchives say which of the places of the
	// [Install] must be there.
	NeedsBase, NeedsMetas, NeedsArchives bool
	// RunsImage says that programs of the image run, so that its platform counts.
	RunsImage bool
	// Memory are directories whose content isn't kept.
	Memory []string
}
