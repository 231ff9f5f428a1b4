// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

// Installer says how packages become installed.
type Installer string

// The installers.
const (
	// Register enters unpacked packages in the base's database and lets the base's
	// own tool configure them.
	Register Installer = "register"
	// Native lets the base's own tool install the package files, offline.
	Native Installer = "native"
	// Assemble writes the database itself, and what the maintainer scripts are
	// known to do, on an image that can run nothing.
	Assemble Installer = "assemble"
)

// Verdict says how packages get into a base.
type Verdict struct {
	// Installer is [Register], or [Native] where that would give another image than
	// the base's own tool.
	Installer Installer `json:"installer"`
	// Why says why it is native; empty otherwise.
	Why string `json:"why,omitempty"`
	// Filters are the paths that the base leaves out of packages: unpacking needs
	// them.
	Filters []string `json:"filters,omitempty"`
	// Conffiles are the configuration files of the packages, each with the name of its
	// package.
	Conffiles map[string]string `json:"conffiles,omitempty"`
	// Arch is the base's architecture in the system's words.
	Arch string `json:"arch,omitempty"`
}

// VerdictFile is the file that a step which checks a base writes its verdict to, as
// JSON.
const VerdictFile = "verdict.json"
