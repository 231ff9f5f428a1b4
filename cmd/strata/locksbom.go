// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/sbom"
	"github.com/strata-build/strata/llb/spec"
)

// printSBOM prints what the lock says of a target as an SPDX document. It needs
// no BuildKit.
func printSBOM(t terminal, o lockOptions, place string) error {
	data, err := os.ReadFile(place)
	if err != nil {
		return usageError(fmt.Errorf("read lock: %w", err), "write one with \"strata lock\"")
	}
	file, err := lock.Read(filepath.Base(place), data)
	if err != nil {
		return err
	}
	target := o.target
	if target == "" {
		target = spec.DefaultTarget
	}
	platform, err := sbomPlatform(o.platforms, file)
	if err != nil {
		return usageError(err, "")
	}
	if file.Platform(target, platform) == nil {
		return usageError(fmt.Errorf("%s has nothing of target %s for %s", place, target, platform), "")
	}
	text, err := sbom.Write(file, sbom.Subject{Name: target, Platform: platform}, target)
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}

// sbomPlatform is the one that was asked for, or the only one that the lock has,
// or this machine's.
func sbomPlatform(asked []string, file *lock.File) (string, error) {
	have := file.Platforms()
	switch {
	case len(asked) > 1:
		return "", fmt.Errorf("--platform: an SBOM is for one platform, not for %s", strings.Join(asked, " and "))
	case len(asked) == 1:
		p, err := platforms.Parse(asked[0])
		if err != nil {
			return "", fmt.Errorf("--platform %q: %w", asked[0], err)
		}
		return platforms.FormatAll(platforms.Normalize(p)), nil
	case len(have) == 1:
		return have[0], nil
	}
	p := platforms.Normalize(platforms.DefaultSpec())
	p.OS = "linux"
	if name := platforms.FormatAll(p); slices.Contains(have, name) {
		return name, nil
	}
	return "", fmt.Errorf("the lock has %s: say with --platform for which one", strings.Join(have, ", "))
}
