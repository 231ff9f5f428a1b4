// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// What a build of Nix leaves in $out.
const (
	builtCache = "/cache"
	builtRoots = "/roots"
	builtJSON  = "/result.json"
)

// built lets Nix build the derivation in a step, and finds the closure in what
// it exports.
func (c *closure) built(ctx context.Context) error {
	run, err := nixBuild{c: c}.nixStep(ctx)
	if err != nil {
		return err
	}
	if c.t.pass.req.Stores == nil {
		return c.t.read.errorf(c.d.Build.Range.Start, "derivation: nothing can run Nix here")
	}
	c.from = &plan.StoreSource{Path: builtCache, Build: run}
	directory, err := c.t.pass.req.Stores.Open(ctx, c.from)
	if err != nil {
		return err
	}
	if c.roots, err = c.builtPaths(ctx, directory); err == nil {
		err = c.binaryCache(ctx, directory, nil)
	}
	if err != nil {
		fault := c.t.read.errorf(c.d.Build.Range.Start, "derivation: read what Nix built: %w", err)
		fault.External = true
		return fault
	}
	return nil
}

// builtPaths are the store paths that Nix built.
func (c *closure) builtPaths(ctx context.Context, directory tree.Tree) ([]string, error) {
	var roots []string
	if c.d.Build.File.IsSet() {
		text, err := directory.ReadFile(ctx, builtRoots)
		if err != nil {
			return nil, err
		}
		roots = strings.Fields(string(text))
	} else {
		text, err := directory.ReadFile(ctx, builtJSON)
		if err != nil {
			return nil, err
		}
		var results []struct {
			Outputs map[string]string `json:"outputs"`
		}
		if err := json.Unmarshal(text, &results); err != nil {
			return nil, fmt.Errorf("read the result of nix build: %w", err)
		}
		for _, r := range results {
			for _, p := range r.Outputs {
				roots = append(roots, p)
			}
		}
	}
	slices.Sort(roots)
	roots = slices.Compact(roots)
	if len(roots) == 0 {
		return nil, fmt.Errorf("it built nothing")
	}
	_, err := resolve.CheckRoots(roots)
	return roots, err
}

// nixBuild is the command of a closure that Nix builds.
type nixBuild struct{ c *closure }

// nixStep is the command that builds and exports.
func (n nixBuild) nixStep(ctx context.Context) (*plan.Exec, error) {
	b := n.c.d.Build
	e := &plan.Exec{Range: b.Range, Platform: n.c.t.image.Platform, Out: true, Cwd: plan.SourceDir, Network: "default"}
	from, err := n.c.t.tree(b.From, e.Platform)
	if err != nil {
		return nil, err
	}
	if from.Kind == plan.Scratch || from.Kind == plan.Layers {
		return nil, n.c.t.read.errorf(b.Range.Start, "build needs `from`: an image with Nix")
	}
	config := &e.Env
	tree, image, err := n.c.t.base(ctx, from)
	if err != nil {
		return nil, err
	}
	n.c.t.checkUse(tree, image)
	e.From = tree
	if image != nil {
		*config = slices.Clone(image.Config.Env)
	}
	if b.Network.IsSet() {
		if e.Network, err = n.c.t.read.expand(b.Network); err != nil {
			return nil, err
		}
	}
	settings, err := n.nixConfig(e.Network == "none")
	if err != nil {
		return nil, err
	}
	e.Env = append(e.Env, "HOME=/root", "USER=root", "NIX_CONFIG="+settings)
	e.Cache = []plan.Cache{{Target: "/root/.cache/nix", ID: "strata-nix", Sharing: "shared"}}
	e.Source = &plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: b.Range.Start}, Path: "/", Pos: b.Range.Start}
	script, err := n.nixScript(e)
	e.Args = []string{"/bin/sh", "-euc", script}
	return e, err
}

// nixScript builds, and exports without compression: what is packed here would
// be unpacked at once.
func (n nixBuild) nixScript(e *plan.Exec) (string, error) {
	b := n.c.d.Build
	attr, err := n.c.t.read.expand(b.Attr)
	if err != nil {
		return "", err
	}
	cache := quote("file://" + plan.OutDir + builtCache + "?compression=none")
	if b.File.IsSet() {
		file, err := n.c.t.read.source(b.File)
		if err != nil {
			return "", err
		}
		args := quote(path.Join(plan.SourceDir, file))
		if attr != "" {
			args += " -A " + quote(attr)
		}
		roots := plan.OutDir + builtRoots
		return fmt.Sprintf("nix-build --no-out-link %s > %s\nnix copy --no-check-sigs --to %s $(cat %s)\n", args, roots, cache, roots), nil
	}
	flake, err := n.c.t.read.expand(b.Flake)
	if err != nil {
		return "", err
	}
	if flake == "." || strings.HasPrefix(flake, "./") {
		flake = "path:" + path.Join(plan.SourceDir, flake)
	} else {
		e.Source, e.Cwd = nil, "/"
	}
	if attr != "" {
		flake += "#" + attr
	}
	return fmt.Sprintf("nix build --no-link --no-update-lock-file --json %s > %s\nnix copy --no-check-sigs --to %s %s\n",
		quote(flake), plan.OutDir+builtJSON, cache, quote(flake)), nil
}

// nixConfig are Nix's settings for a step: BuildKit isolates the build, so
// Nix's own sandbox, which needs more privileges, is off.
func (n nixBuild) nixConfig(offline bool) (string, error) {
	caches, _, err := n.c.caches()
	if err != nil {
		return "", err
	}
	keys, err := n.c.t.read.expandAll(n.c.d.TrustedPublicKeys)
	if err != nil {
		return "", err
	}
	lines := []string{
		"experimental-features = nix-command flakes",
		"sandbox = false",
		"filter-syscalls = false",
		"build-users-group =",
	}
	if len(caches) > 0 || offline {
		lines = append(lines, "substituters = "+strings.Join(caches, " "))
	}
	if len(keys) > 0 {
		lines = append(lines, "trusted-public-keys = "+strings.Join(keys, " "))
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// quote makes one word of a text for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
