// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
)

// Platforms reads the values of --platform; each may hold several, and "local"
// is the platform of this machine. Duplicates are removed.
func Platforms(words []string) ([]string, error) {
	var out []string
	for _, word := range words {
		for name := range strings.SplitSeq(word, ",") {
			name = strings.TrimSpace(name)
			if name == "" {
				continue
			}
			full, err := platform(name)
			if err != nil {
				return nil, fmt.Errorf("--platform %q is not a platform: %w", name, err)
			}
			if !slices.Contains(out, full) {
				out = append(out, full)
			}
		}
	}
	return out, nil
}

func platform(name string) (string, error) {
	if strings.EqualFold(name, "local") {
		return platforms.FormatAll(platforms.Normalize(platforms.DefaultSpec())), nil
	}
	p, err := platforms.Parse(name)
	if err != nil {
		return "", err
	}
	return platforms.FormatAll(platforms.Normalize(p)), nil
}
