// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"fmt"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/image"
)

// Notation is the part of a verb's help that says how images are named.
const Notation = `An image is one of:
  REGISTRY/NAME[:TAG][@DIGEST]      in a registry
  oci:DIRECTORY[:TAG]               in an OCI layout
  oci-archive:FILE[:TAG]            in an OCI archive
  docker-archive:FILE[:NAME:TAG]    in an archive of docker's
  docker-daemon:NAME[:TAG]          in docker`

// ParsePlatform reads the value of --platform; nil if it is empty.
func ParsePlatform(word string) (*v1.Platform, error) {
	if word == "" {
		return nil, nil //nolint:nilnil // the caller chose none
	}
	p, err := platforms.Parse(word)
	if err != nil {
		return nil, cli.Usage(fmt.Errorf("--platform: %w", err), "")
	}
	return &v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion}, nil
}

// ParseNames reads names of images.
func ParseNames(words []string) ([]image.Name, error) {
	names := make([]image.Name, 0, len(words))
	for _, word := range words {
		n, err := image.Parse(word)
		if err != nil {
			return nil, cli.Usage(err, "")
		}
		names = append(names, n)
	}
	return names, nil
}

// PlatformName is a platform in words, or a dash for none.
func PlatformName(p *v1.Platform) string {
	if p == nil {
		return "-"
	}
	return p.String()
}
