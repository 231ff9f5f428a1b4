// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/pflag"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
)

// registryOptions are the words that say how registries are reached.
type registryOptions struct {
	insecure bool
	certDir  string
	authFile string
	config   string
}

func (o *registryOptions) bind(flags *pflag.FlagSet) {
	flags.BoolVar(&o.insecure, "insecure", false, "allow plain http, and certificates that nobody vouches for")
	flags.StringVar(&o.certDir, "cert-dir", "", "`FOLDER` with certificates: *.crt to trust, *.cert and *.key to show (default docker's and podman's)")
	flags.StringVar(&o.authFile, "authfile", "", "`FILE` with credentials, as docker login writes it (default docker's and podman's)")
	flags.StringVar(&o.config, "config", "", "buildkitd.toml whose registry tables name mirrors, certificates and insecure registries: `FILE`")
}

// image gives what opening an image needs.
func (o registryOptions) image(t terminal) (image.Options, error) {
	client, err := registry.New(registry.Options{
		Insecure: o.insecure,
		CertDir:  o.certDir,
		AuthFile: o.authFile,
		Config:   o.config,
		Env:      t.env,
		Agent:    "strata",
		Known:    knownBlobs(t.env),
	})
	if errors.Is(err, fs.ErrNotExist) {
		return image.Options{}, usageError(err, "")
	}
	if err != nil {
		return image.Options{}, err
	}
	for flag, path := range map[string]string{"--authfile": o.authFile, "--cert-dir": o.certDir} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return image.Options{}, usageError(fmt.Errorf("%s: %w", flag, err), "")
		}
	}
	return image.Options{Registries: client}, nil
}

// knownBlobs is the folder that remembers where registries have blobs; empty when
// there is no home.
func knownBlobs(env func(string) (string, bool)) string {
	if dir, _ := env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "strata", "blobs")
	}
	if home, _ := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "strata", "blobs")
	}
	return ""
}

// parsePlatform reads a platform; nil for none.
func parsePlatform(word string) (*v1.Platform, error) {
	if word == "" {
		return nil, nil //nolint:nilnil // no platform is a choice, too
	}
	p, err := platforms.Parse(word)
	if err != nil {
		return nil, usageError(fmt.Errorf("--platform: %w", err), "")
	}
	return &v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion}, nil
}

// parseImages reads names of images.
func parseImages(words []string) ([]image.Name, error) {
	names := make([]image.Name, 0, len(words))
	for _, word := range words {
		n, err := image.Parse(word)
		if err != nil {
			return nil, usageError(err, "")
		}
		names = append(names, n)
	}
	return names, nil
}
