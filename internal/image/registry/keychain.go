// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/strata-build/strata/internal/plainfile"
)

// dockerHub is how docker's files call docker.io.
const dockerHub = "https://index.docker.io/v1/"

// keychain finds credentials in docker's and podman's files, and with the
// helpers that those name.
type keychain struct {
	file string
	env  func(string) (string, bool)

	once    sync.Once
	configs []*configfile.ConfigFile
	err     error
}

// find returns the credentials for a repository, host/path, and where they are
// from; anonymous ones if there are none.
func (k *keychain) find(host, path string) (authn.Authenticator, string, error) {
	k.once.Do(k.load)
	if k.err != nil {
		return nil, "", k.err
	}
	for _, config := range k.configs {
		auth, err := findIn(config, host, path)
		if err != nil {
			return nil, "", fmt.Errorf("get credentials for %s from %s: %w", host, config.Filename, err)
		}
		if auth != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: auth.Username, Password: auth.Password, Auth: auth.Auth,
				IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
			}), config.Filename, nil
		}
	}
	return authn.Anonymous, "", nil
}

// findIn looks for a repository's credentials in one file: those of the longest
// part of its name, as podman has them, then the host's, which a helper may know.
func findIn(config *configfile.ConfigFile, host, path string) (types.AuthConfig, error) {
	for p := host + "/" + path; strings.Contains(p, "/"); p = p[:strings.LastIndex(p, "/")] {
		if auth, ok := config.AuthConfigs[p]; ok {
			auth.ServerAddress = ""
			return auth, nil
		}
	}
	keys := []string{host}
	if host == "docker.io" {
		keys = append(keys, dockerHub)
	}
	for _, key := range keys {
		auth, err := store(config, key).Get(key)
		if err != nil {
			return types.AuthConfig{}, err
		}
		auth.ServerAddress = ""
		if auth != (types.AuthConfig{}) {
			return auth, nil
		}
	}
	return types.AuthConfig{}, nil
}

// store is where a file keeps the credentials of a host: with a helper, or in itself.
// Unlike docker's own choice it leaves the environment out, which is read by load.
func store(config *configfile.ConfigFile, host string) credentials.Store {
	helper, ok := config.CredentialHelpers[host]
	if !ok {
		helper = config.CredentialsStore
	}
	if helper != "" {
		return credentials.NewNativeStore(config, helper)
	}
	return credentials.NewFileStore(config)
}

// dockerAuth is the variable that has credentials in the form of docker's config.json.
const dockerAuth = "DOCKER_AUTH_CONFIG"

// load reads the variable and the files. A file that was named on the command line is
// stronger than the variable.
func (k *keychain) load() {
	if text := getenv(k.env, dockerAuth); text != "" && k.file == "" {
		config := configfile.New(dockerAuth)
		if err := config.LoadFromReader(strings.NewReader(text)); err != nil {
			k.err = fmt.Errorf("read credentials from %s: %w", dockerAuth, err)
			return
		}
		k.configs = append(k.configs, config)
	}
	files, needed := k.files()
	for _, name := range files {
		config, err := loadConfig(name)
		if errors.Is(err, fs.ErrNotExist) && !needed {
			continue
		}
		if err != nil {
			k.err = fmt.Errorf("read credentials: %w", err)
			return
		}
		k.configs = append(k.configs, config)
	}
}

// files are where credentials may be. A file that was named must be there.
func (k *keychain) files() (names []string, needed bool) {
	if k.file != "" {
		return []string{k.file}, true
	}
	if name := getenv(k.env, "REGISTRY_AUTH_FILE"); name != "" {
		return []string{name}, true
	}
	home := getenv(k.env, "HOME")
	docker := getenv(k.env, "DOCKER_CONFIG")
	if docker == "" && home != "" {
		docker = filepath.Join(home, ".docker")
	}
	if docker != "" {
		names = append(names, filepath.Join(docker, "config.json"))
	}
	if run := getenv(k.env, "XDG_RUNTIME_DIR"); run != "" {
		names = append(names, filepath.Join(run, "containers", "auth.json"))
	}
	if home != "" {
		names = append(names, filepath.Join(home, ".config", "containers", "auth.json"))
	}
	return names, false
}

// getenv is a variable, or empty.
func getenv(env func(string) (string, bool), name string) string {
	if value, ok := env(name); ok {
		return value
	}
	return ""
}

func loadConfig(name string) (*configfile.ConfigFile, error) {
	data, err := plainfile.Read(name, configLimit)
	if err != nil {
		return nil, err
	}
	config := configfile.New(name)
	if err := config.LoadFromReader(bytes.NewReader(data)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return config, nil
}
