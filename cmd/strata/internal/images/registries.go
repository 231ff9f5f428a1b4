// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package images is what the verbs about images share: how registries are
// reached, how images and platforms are named, how two images are compared, and
// how an index is edited.
package images

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
)

// Registries say how registries are reached. The zero Registries are the
// configuration of docker and podman.
type Registries struct {
	// Insecure allows plain http, and certificates of an unknown authority.
	Insecure bool
	// CertDir is a directory with certificates.
	CertDir string
	// AuthFile has credentials, in the form of docker's config.json.
	AuthFile string
	// Config is a buildkitd.toml, of which the registry tables count.
	Config string
	// Timeout is how long a registry may leave a request without an answer, Wait the
	// longest pause that one may ask for; 0 for the usual.
	Timeout, Wait time.Duration

	// bound says that they are flags: 0 is then what the user wants.
	bound bool
}

// Bind adds the flags of a command that reaches registries.
func (r *Registries) Bind(flags *pflag.FlagSet) {
	r.bound = true
	flags.BoolVar(&r.Insecure, "insecure", false, "allow plain http, and certificates of an unknown authority")
	flags.StringVar(&r.CertDir, "cert-dir", "", "`DIRECTORY` with certificates: *.crt to trust, *.cert and *.key to present (default docker's and podman's)")
	flags.StringVar(&r.AuthFile, "authfile", "", "`FILE` with credentials, as docker login writes it (default docker's and podman's)")
	flags.DurationVar(&r.Timeout, "timeout", 5*time.Minute, "how long a registry may leave a request without an answer, 0 for no limit")
	flags.DurationVar(&r.Wait, "wait", time.Minute, "the longest pause that a registry may ask for")
	flags.StringVar(&r.Config, "config", "", "buildkitd.toml whose registry tables name mirrors, certificates and insecure registries: `FILE`")
}

// Options are what opening an image needs. A file that is named and missing is
// an error.
func (r Registries) Options(env flags.Lookup) (image.Options, error) {
	if r.Timeout < 0 || r.Wait < 0 {
		return image.Options{}, cli.Usage(errors.New("--timeout and --wait take no negative time"), "")
	}
	if r.bound {
		r.Timeout, r.Wait = orNone(r.Timeout), orNone(r.Wait)
	}
	client, err := registry.New(registry.Options{
		Insecure: r.Insecure,
		CertDir:  r.CertDir,
		AuthFile: r.AuthFile,
		Config:   r.Config,
		Timeout:  r.Timeout,
		Longest:  r.Wait,
		Env:      env,
		Agent:    "strata",
		Known:    knownBlobs(env),
	})
	if errors.Is(err, fs.ErrNotExist) {
		return image.Options{}, cli.Usage(err, "")
	}
	if err != nil {
		return image.Options{}, err
	}
	for flag, path := range map[string]string{"--authfile": r.AuthFile, "--cert-dir": r.CertDir} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return image.Options{}, cli.Usage(fmt.Errorf("%s: %w", flag, err), "")
		}
	}
	return image.Options{Registries: client}, nil
}

// orNone is a time as package registry has it, where 0 is the usual one and -1 none.
func orNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// knownBlobs is the directory that remembers which blobs registries have; empty
// without a home directory.
func knownBlobs(env flags.Lookup) string {
	if dir, _ := env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "strata", "blobs")
	}
	if home, _ := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "strata", "blobs")
	}
	return ""
}
