// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package redhat is for bases whose own dnf, or microdnf, installs RPM packages.
package redhat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/tree"
)

// System is the package system of Fedora and Red Hat.
type System struct{}

var (
	_ distro.System = System{}
	_ distro.Tool   = System{}
)

// Facts returns what is always so for RPM packages.
func (System) Facts() distro.Facts {
	return distro.Facts{Type: "rpm", Name: "dnf", Patterns: []string{"usr/bin/dnf", "usr/bin/microdnf"}}
}

// Detect reports whether a base has dnf or microdnf.
func (System) Detect(ctx context.Context, base tree.Tree) (bool, error) {
	tool, err := toolOf(ctx, base)
	return tool != "", err
}

// toolOf is the base's tool; "" if it has none. Its program is often a link, to dnf-3
// or dnf5, which isn't followed.
func toolOf(ctx context.Context, base tree.Tree) (string, error) {
	programs, err := base.ReadDir(ctx, "/usr/bin")
	if err != nil {
		return "", err
	}
	for _, tool := range []string{"dnf", "microdnf"} {
		if slices.Contains(programs, tool) {
			return tool, nil
		}
	}
	return "", nil
}

// Command lets the base's dnf install packages from where it is configured to.
func (System) Command(ctx context.Context, r distro.ToolRequest) (*distro.Command, error) {
	tool, err := toolOf(ctx, r.Base)
	if err != nil {
		return nil, err
	}
	if r.SkipScripts {
		return nil, &distro.Error{Part: distro.Scripts, Err: fmt.Errorf("scripts: skip: %s runs maintainer scripts always; leave it out for this base", tool)}
	}
	for _, name := range r.Names {
		if strings.HasPrefix(name, "!") {
			return nil, &distro.Error{Name: name, Err: fmt.Errorf("keep out the package %s: %s itself decides what comes in; set `excludepkgs` in the base's dnf.conf", name[1:], tool)}
		}
	}
	args := []string{tool, "install", "-y"}
	if tool == "dnf" { // older releases of microdnf don't know the option
		args = append(args, "--setopt=keepcache=1")
	}
	if !r.Recommends {
		args = append(args, "--setopt=install_weak_deps=0")
	}
	return &distro.Command{
		Args: append(args, r.Names...),
		Caches: []distro.Cache{
			{Path: "/var/cache/dnf", Name: "dnf"},
			{Path: "/var/cache/libdnf5", Name: "libdnf5"},
			{Path: "/var/cache/yum", Name: "yum"}, // microdnf's
		},
		Memory: []string{"/var/log"},
	}, nil
}
