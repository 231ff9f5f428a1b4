// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/sbom"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// printSBOM prints the lock of a target as an SPDX document. It does not need
// BuildKit.
func printSBOM(t cli.Terminal, o job.Input, place string) error {
	data, err := plainfile.Read(place, lock.MaxSize)
	if err != nil {
		return cli.Usage(fmt.Errorf("read lock: %w", err), "write one with \"strata lock\"")
	}
	file, err := lock.Read(filepath.Base(place), data)
	if err != nil {
		return err
	}
	target := o.Target
	if target == "" {
		target = spec.DefaultTarget
	}
	platform, err := sbomPlatform(o.Wanted(), file)
	if err != nil {
		return cli.Usage(err, "")
	}
	args, err := flags.BuildArgs(o.BuildArgs, t.Env)
	if err != nil {
		return cli.Usage(err, "")
	}
	// Without a build file no image is known as the frontend's own, and no target as
	// another's base.
	buildFile, _ := plainfile.Read(o.Path(), spec.MaxSize)
	targets, known := lineage(buildFile, target, platform, args)
	var locked []*lock.Platform
	for _, t := range targets {
		if has := file.For(t.Target, t.Platform, platform); has != nil {
			locked = append(locked, has)
		}
	}
	if s := file.Sources; (!known || len(s.Images)+len(s.URLs)+len(s.Git) == 0) && len(locked) == 0 {
		return cli.Usage(fmt.Errorf("%s has no target %s for %s", place, target, platform), "")
	}
	sources := file.Sources
	sources.Images = slices.DeleteFunc(slices.Clone(sources.Images), func(i lock.Image) bool { return i.Name == frontend.SyntaxImage(buildFile) })
	var contents sbom.Contents
	contents.AddPackages(file, locked...)
	contents.AddClosures(locked...)
	contents.AddSources(sources)
	text, err := sbom.Write(&contents, sbom.Subject{Name: target, Platform: targets[0].Platform})
	if err != nil {
		return err
	}
	_, err = t.Text().Write(text)
	return err
}

// sbomPlatform is the one that was requested, or the only one that the lock has,
// or this machine's.
func sbomPlatform(requested []string, file *lock.File) (string, error) {
	have := file.Platforms()
	switch {
	case len(requested) > 1:
		return "", fmt.Errorf("--platform: an SBOM is for one platform, not for %s", strings.Join(requested, " and "))
	case len(requested) == 1:
		p, err := platforms.Parse(requested[0])
		if err != nil {
			return "", fmt.Errorf("--platform %q: %w", requested[0], err)
		}
		return platforms.FormatAll(platforms.Normalize(p)), nil
	case len(have) == 1:
		return have[0], nil
	}
	if name := platforms.FormatAll(thisPlatform()); slices.Contains(have, name) {
		return name, nil
	}
	return "", fmt.Errorf("the lock has %s: say with --platform for which one", strings.Join(have, ", "))
}

// lineage is a target and those that it is made from, one after the other, as far as the
// build file says. known reports whether the build file has the target.
func lineage(buildFile []byte, target, platform string, args map[string]string) (targets []strategy.Ancestor, known bool) {
	s, err := spec.Parse(frontend.DefaultFile, buildFile)
	if err != nil || s.Target(target) == nil {
		return []strategy.Ancestor{{Target: target, Platform: platform}}, false
	}
	return strategy.Lineage(strategy.Request{Spec: s, Target: target, BuildArgs: args, BuildPlatform: thisPlatform()}, platform), true
}

// thisPlatform is the one that this machine builds for.
func thisPlatform() ocispecs.Platform {
	p := platforms.Normalize(platforms.DefaultSpec())
	p.OS = "linux"
	return p
}
