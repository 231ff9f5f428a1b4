// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// containersRegistry is a table of registries.conf, containers-registries.conf(5).
type containersRegistry struct {
	Prefix   string
	Location string
	Insecure bool
	Mirrors  []struct {
		Location string
		Insecure bool
	} `toml:"mirror"`
}

// containersFiles are where registries.conf may be: the one that is named, or the
// user's, or the system's.
func containersFiles(env func(string) (string, bool)) []string {
	if name := getenv(env, "CONTAINERS_REGISTRIES_CONF"); name != "" {
		return []string{name}
	}
	const system = "/etc/containers/registries.conf"
	if home := getenv(env, "HOME"); home != "" {
		name := filepath.Join(home, ".config", "containers", "registries.conf")
		if _, err := os.Stat(name); err == nil {
			return []string{name}
		}
	}
	more, _ := filepath.Glob(system + ".d/*.conf") // the pattern is a good one
	return append([]string{system}, more...)
}

func readContainers(name string) ([]containersRegistry, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file struct {
		Registries []containersRegistry `toml:"registry"`
	}
	if err := toml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	for i, t := range file.Registries {
		if t.Prefix == "" {
			file.Registries[i].Prefix = t.Location
		}
	}
	return file.Registries, nil
}

// matches reports whether a table is about a repository, host/path.
func (t containersRegistry) matches(name string) bool {
	if domain, ok := strings.CutPrefix(t.Prefix, "*"); ok {
		host, _, _ := strings.Cut(name, "/")
		return strings.HasSuffix(host, domain)
	}
	rest, ok := strings.CutPrefix(name, t.Prefix)
	return ok && t.Prefix != "" && (rest == "" || rest[0] == '/')
}

// rest is what comes after the prefix in a repository's name.
func (t containersRegistry) rest(name string) string {
	if strings.HasPrefix(t.Prefix, "*") {
		_, path, _ := strings.Cut(name, "/")
		return path
	}
	return strings.Trim(strings.TrimPrefix(name, t.Prefix), "/")
}

// longest is the table with the longest prefix that matches.
func longest(tables []containersRegistry, name string) (best containersRegistry, ok bool) {
	for _, t := range tables {
		if t.matches(name) && (!ok || len(t.Prefix) > len(best.Prefix)) {
			best, ok = t, true
		}
	}
	return best, ok
}
