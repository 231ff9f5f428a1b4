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
	"github.com/strata-build/strata/llb/spec"
)

// What a build of Nix leaves in $out.
const (
	builtCache = "/cache"
	builtRoots = "/roots"
	builtJSON  = "/result.json"
)

// built lets Nix build the derivation in a step, and finds the closure in what
// it exports.
func (d derived) built(ctx context.Context) (*closure, error) {
	run, err := nixBuild{d}.step(ctx)
	if err != nil {
		return nil, err
	}
	at := d.described.Build.Range.Start
	if d.t.pass.req.Stores == nil {
		return nil, d.t.read.errorf(at, "derivation: nothing can run Nix here")
	}
	from := &plan.StoreSource{Path: builtCache, Build: run}
	directory, err := d.t.pass.req.Stores.Open(ctx, from)
	if err != nil {
		return nil, err
	}
	c, err := builtClosure(ctx, exportedStore{from: from, directory: directory}, d.described.Build.File.IsSet())
	if err != nil {
		fault := d.t.read.errorf(at, "derivation: read what Nix built: %w", err)
		fault.External = true
		return nil, fault
	}
	return c, nil
}

// builtClosure is the closure of what Nix built, of a file or of a flake.
func builtClosure(ctx context.Context, s exportedStore, ofFile bool) (*closure, error) {
	roots, err := builtPaths(ctx, s.directory, ofFile)
	if err != nil {
		return nil, err
	}
	return s.binaryCache(ctx, roots, nil)
}

// builtPaths are the store paths that Nix built.
func builtPaths(ctx context.Context, directory tree.Tree, ofFile bool) ([]string, error) {
	var roots []string
	if ofFile {
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

// nixBuild is a derivation that Nix builds in a step.
type nixBuild struct{ derived derived }

// step is the command that builds and exports.
func (n nixBuild) step(ctx context.Context) (*plan.Exec, error) {
	b := n.derived.described.Build
	e := &plan.Exec{Range: b.Range, Platform: n.derived.t.image.Platform, Out: true, Cwd: plan.SourceDir}
	from, err := n.derived.t.tree(b.From, e.Platform)
	if err != nil {
		return nil, err
	}
	if from.Kind == plan.Scratch || from.Kind == plan.Layers {
		return nil, n.derived.t.read.errorf(b.Range.Start, "build needs `from`: an image with Nix")
	}
	tree, image, err := n.derived.t.base(ctx, from)
	if err != nil {
		return nil, err
	}
	checkRun(n.derived.t, tree, image, e.Platform)
	e.From = tree
	if image != nil {
		e.Env = slices.Clone(image.Config.Env)
	}
	if e.Network, err = n.network(); err != nil {
		return nil, err
	}
	settings, err := n.config(e.Network == "none")
	if err != nil {
		return nil, err
	}
	e.Env = append(e.Env, "HOME=/root", "USER=root", "NIX_CONFIG="+settings)
	e.Cache = []plan.Cache{{Target: "/root/.cache/nix", ID: "strata-nix", Sharing: "shared"}}
	e.Sources = []plan.Source{{Copy: plan.Copy{From: plan.Tree{Kind: plan.Main, Pos: b.Range.Start}, Path: "/", Pos: b.Range.Start}, Dest: plan.SourceDir, Into: true}}
	script, err := n.script(e)
	e.Args = []string{"/bin/sh", "-euc", script}
	return e, err
}

// network is the network of the step.
func (n nixBuild) network() (string, error) {
	read, said := n.derived.t.read, n.derived.described.Build.Network
	network, err := read.expand(said)
	if err != nil || network == "" {
		return "default", err
	}
	if _, err := spec.ParseNetwork(network); err != nil {
		return "", read.errorf(said.Pos, "%w", err)
	}
	return network, nil
}

// script builds, and exports without compression: what is packed here would
// be unpacked at once.
func (n nixBuild) script(e *plan.Exec) (string, error) {
	b := n.derived.described.Build
	attr, err := n.derived.t.read.expand(b.Attr)
	if err != nil {
		return "", err
	}
	cache := quote("file://" + plan.OutDir + builtCache + "?compression=none")
	if b.File.IsSet() {
		file, err := n.derived.t.read.source(b.File)
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
	flake, err := n.derived.t.read.expand(b.Flake)
	if err != nil {
		return "", err
	}
	if flake == "." || strings.HasPrefix(flake, "./") {
		flake = "path:" + path.Join(plan.SourceDir, flake)
	} else {
		e.Sources, e.Cwd = nil, "/"
	}
	if attr != "" {
		flake += "#" + attr
	}
	return fmt.Sprintf("nix build --no-link --no-update-lock-file --json %s > %s\nnix copy --no-check-sigs --to %s %s\n",
		quote(flake), plan.OutDir+builtJSON, cache, quote(flake)), nil
}

// config are Nix's settings for a step: BuildKit isolates the build, so
// Nix's own sandbox, which needs more privileges, is off.
func (n nixBuild) config(offline bool) (string, error) {
	trusted, err := n.derived.trust()
	if err != nil {
		return "", err
	}
	keys, err := n.derived.t.read.expandAll(n.derived.described.TrustedPublicKeys)
	if err != nil {
		return "", err
	}
	lines := []string{
		"experimental-features = nix-command flakes",
		"sandbox = false",
		"filter-syscalls = false",
		"build-users-group =",
	}
	if len(trusted.caches) > 0 || offline {
		lines = append(lines, "substituters = "+strings.Join(trusted.caches, " "))
	}
	if len(keys) > 0 {
		lines = append(lines, "trusted-public-keys = "+strings.Join(keys, " "))
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// quote makes one word of a text for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
