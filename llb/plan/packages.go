// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/spec"
)

// Format is the kind of archives that a layer is unpacked from: the type of the
// repositories that packages of the kind come from.
type Format string

// Archive is one file that is fetched and unpacked.
type Archive struct {
	// Name is the package's name, or the store path.
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Arch    string `json:"arch,omitempty"`
	// URLs are addresses of the same file, the preferred one first; none for a file of
	// a tree.
	URLs []string `json:"urls,omitempty"`
	// Copy is the file in a tree; nil for one that is fetched.
	Copy *Copy `json:"copy,omitempty"`
	// Digest is the file's, as sha256:…
	Digest string `json:"digest"`
	// Size is the file's, in bytes; 0 when no one knows.
	Size int64 `json:"size,omitempty"`
	// Login says where the servers' login is; nil for servers that want none. It never
	// has the login itself.
	Login *Login `json:"login,omitempty"`
	// Attempt counts the addresses that were tried before. BuildKit takes a second
	// attempt for the one that failed unless the two are told apart.
	Attempt int `json:"attempt,omitempty"`
	// Pos is the line that asks for it, if one does.
	Pos spec.Pos `json:"-"`
}

// copiesOf are the archives that are files of trees.
func copiesOf(archives []Archive) []Copy {
	var out []Copy
	for _, a := range archives {
		if a.Copy != nil {
			out = append(out, *a.Copy)
		}
	}
	return out
}

// Login says where the login for servers of packages is.
type Login struct {
	// Image has it in its configuration; nil is the image that the packages are put on,
	// if InBase is set, and none otherwise.
	Image *Tree `json:"image,omitempty"`
	// InBase says that the image that the packages are put on has it.
	InBase bool `json:"in_base,omitempty"`
	// Secret is the id of the build secret that has it; empty for none.
	Secret string `json:"secret,omitempty"`
}

// Unpack puts the files of packages into a layer of their own, without the base
// and without running anything of theirs.
type Unpack struct {
	Format   Format    `json:"format"`
	Archives []Archive `json:"archives"`
	// Filters are paths that are left out, as dpkg's configuration in the base has
	// them: "-" and a pattern excludes, "+" and a pattern includes again, and the
	// last one that matches decides. They have to be the base's own.
	Filters []string `json:"filters,omitempty"`
	// Parts is among how many layers the files are divided, which are compressed side by
	// side; 0 is one.
	Parts int `json:"parts,omitempty"`
	// InStep says that the step that unpacks the packages fetches those that have an
	// address and need no login, instead of BuildKit.
	InStep bool `json:"in_step,omitempty"`
	// Hides are configuration files of the packages, each with the package's name, that a
	// layer before may have made, too, so that this one hides it. They are looked for when
	// the layer is made; nil for none.
	Hides map[string]string `json:"-"`
}

// Installer says how packages become installed.
type Installer = distro.Installer

// The installers.
const (
	Register = distro.Register
	Native   = distro.Native
	Assemble = distro.Assemble
)

// Install makes unpacked packages installed ones: those of the Unpack layers
// before it that no earlier Install has had. With [Native] there are none such,
// and it installs Archives itself. Without Archives it only notes that Wanted was
// asked for.
type Install struct {
	Format    Format    `json:"format"`
	Installer Installer `json:"installer"`
	// Why says why the installer is Native; empty otherwise.
	Why string `json:"why,omitempty"`
	// Archives are what is installed, in the order in which they are configured.
	Archives []Archive `json:"archives"`
	// Wanted are the names that the build file asks for, as it has them, where the
	// database keeps them apart from what they need.
	Wanted []string `json:"wanted,omitempty"`
	// Files are the names of those packages that the build file has as files.
	Files []string `json:"files,omitempty"`
	// AllowHeld lets packages change that the base holds.
	AllowHeld bool `json:"allow_held,omitempty"`
	// KeepConffiles keeps configuration files that are there already.
	KeepConffiles bool `json:"keep_conffiles,omitempty"`
	// Recommends says whether what packages recommend came along; nil where packages
	// recommend nothing.
	Recommends *bool `json:"recommends,omitempty"`
	// SkipScripts leaves maintainer scripts out.
	SkipScripts bool `json:"skip_scripts,omitempty"`
	// Accounts are those of the target that the packages may make as well: they are there
	// before, so that scripts find them; nil for none.
	Accounts *Accounts `json:"accounts,omitempty"`
	// Hides is as that of Unpack; with Native alone.
	Hides map[string]string `json:"-"`
}

// HidesFile are the words about a file that a package, which comes later, has as a
// configuration file: they take the package's name and the path.
const HidesFile = "the package %s has %s as well and comes later, so that its file wins; " +
	"put this layer after the packages, or write `conffiles: keep` in theirs to keep this file"

// Keep puts what layers of files and of $out made before the packages over these again:
// configuration files that packages have as well.
type Keep struct {
	Paths []string `json:"paths"`
}
