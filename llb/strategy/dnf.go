// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"slices"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// rpm is the format of packages that the base's own dnf installs. Strata does not
// resolve them, so there is nothing to lock.
const rpm plan.Format = "rpm"

// planDNF lets the base's dnf install each entry, in a command in the image.
func (t *Target) planDNF(ctx context.Context, set *packageSet, files tree.Tree) error {
	tool, err := dnfOf(ctx, files)
	if err != nil {
		return err
	}
	for _, e := range set.entries {
		if e.layer.Packages.Scripts.Value == "skip" {
			return t.Spec.Errorf(e.layer.Packages.Scripts.Pos, "scripts: skip: %s runs maintainer scripts always; leave it out for this base", tool)
		}
		args := []string{tool, "install", "-y"}
		if tool == "dnf" { // older releases of microdnf don't know the option
			args = append(args, "--setopt=keepcache=1")
		}
		if !e.layer.Packages.Recommends {
			args = append(args, "--setopt=install_weak_deps=0")
		}
		names := make([]string, 0, len(e.names))
		for _, n := range e.names {
			names = append(names, n.Value)
		}
		set.planned = append(set.planned, []plan.Layer{{
			Name: e.layer.Name, Strategy: "packages", Words: "packages " + few(names), Range: e.layer.Range,
			Action: &plan.Exec{
				Range: e.layer.Range, From: plan.Tree{Kind: plan.Layers}, Platform: t.image.Platform,
				Args: append(args, names...), Env: t.baseEnv(), Cwd: "/", Network: "default",
				Cache: []plan.Cache{
					{Target: "/var/cache/dnf", ID: "strata-dnf-" + t.image.Platform, Sharing: "locked"},
					{Target: "/var/cache/libdnf5", ID: "strata-libdnf5-" + t.image.Platform, Sharing: "locked"},
					{Target: "/var/cache/yum", ID: "strata-yum-" + t.image.Platform, Sharing: "locked"}, // microdnf's
				},
				Tmpfs: []plan.Tmpfs{{Target: "/var/log"}},
			},
		}})
	}
	return nil
}

// dnfOf is the base's tool for RPM packages; "" if it has none. Its program is
// often a link, to dnf-3 or dnf5, which isn't followed.
func dnfOf(ctx context.Context, files tree.Tree) (string, error) {
	programs, err := files.ReadDir(ctx, "/usr/bin")
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

// baseEnv is the environment of the image so far.
func (t *Target) baseEnv() []string {
	if t.image.Base == nil {
		return nil
	}
	return t.image.Base.Config.Env
}
