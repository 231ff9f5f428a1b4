// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/pelletier/go-toml/v2"

	"github.com/strata-build/strata/internal/plainfile"
)

// containersRegistry is a table of registries.conf, containers-registries.conf(5).
type containersRegistry struct {
	Prefix   string
	Location string
	Insecure bool
	Blocked  bool
	// DigestOnly is MirrorOf's "digest-only" for all mirrors.
	DigestOnly bool               `toml:"mirror-by-digest-only"`
	Mirrors    []containersMirror `toml:"mirror"`
}

// containersMirror is a mirror of a registry.
type containersMirror struct {
	Location string
	Insecure bool
	// Pull is what to ask it for: "all" or nothing, "digest-only", "tag-only".
	Pull string `toml:"pull-from-mirror"`
}

// able is what the mirror may be asked for. Blobs have digests only, so that a
// mirror for tags is asked for them as well.
func (m containersMirror) able(digestOnly bool) docker.HostCapabilities {
	if digestOnly || m.Pull == "digest-only" {
		return docker.HostCapabilityPull
	}
	return docker.HostCapabilityPull | docker.HostCapabilityResolve
}

// containersFiles are where registries.conf may be: the one that is named, or the
// user's, or the system's; and what is in the directories beside. Later ones are
// stronger.
func containersFiles(env func(string) (string, bool)) []string {
	if name := getenv(env, "CONTAINERS_REGISTRIES_CONF"); name != "" {
		return []string{name}
	}
	const system = "/etc/containers/registries.conf"
	main, places := system, []string{system}
	if home := getenv(env, "HOME"); home != "" {
		user := filepath.Join(home, ".config", "containers", "registries.conf")
		if _, err := os.Stat(user); err == nil {
			main = user
		}
		places = append(places, user)
	}
	names := []string{main}
	for _, place := range places {
		more, _ := fs.Glob(os.DirFS(place+".d"), "*.conf") // the pattern is a good one
		for _, name := range more {
			names = append(names, filepath.Join(place+".d", name))
		}
	}
	return names
}

func readContainers(name string) ([]containersRegistry, error) {
	data, err := plainfile.Read(name, configLimit)
	if err != nil {
		return nil, err
	}
	var file struct {
		Registries []containersRegistry `toml:"registry"`
	}
	if err := toml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	for i := range file.Registries {
		t := &file.Registries[i]
		places := []*string{&t.Prefix, &t.Location}
		for j := range t.Mirrors {
			places = append(places, &t.Mirrors[j].Location)
		}
		for _, p := range places {
			if *p, err = containersPlace(*p); err != nil {
				return nil, err
			}
		}
		if t.Prefix == "" {
			t.Prefix = t.Location
		}
	}
	return file.Registries, nil
}

// containersPlace is a host and a path without the slash in the end, which podman leaves out,
// too. Nothing would match one with a scheme, or be found there, and podman refuses it.
func containersPlace(text string) (string, error) {
	if strings.Contains(text, "://") {
		return "", fmt.Errorf("%q has a scheme, and podman takes none: it is HOST[:PORT][/PATH]", text)
	}
	return strings.TrimRight(text, "/"), nil
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

// longest is the table with the longest prefix that matches, the last of several
// with the same.
func longest(tables []containersRegistry, name string) (best containersRegistry, ok bool) {
	for _, t := range tables {
		if t.matches(name) && (!ok || len(t.Prefix) >= len(best.Prefix)) {
			best, ok = t, true
		}
	}
	return best, ok
}
