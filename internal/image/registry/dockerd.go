// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/plainfile"
)

// dockerDaemon is what docker's daemon.json says of registries.
type dockerDaemon struct {
	// Mirrors are of docker.io alone.
	Mirrors []string `json:"registry-mirrors"`
	// Insecure are hosts, perhaps with ports, and networks.
	Insecure []string `json:"insecure-registries"`
}

// dockerDaemonFile is the user's file, or else the system's.
func dockerDaemonFile(env func(string) (string, bool)) string {
	if home := getenv(env, "HOME"); home != "" {
		name := filepath.Join(home, ".config", "docker", "daemon.json")
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return "/etc/docker/daemon.json"
}

func readDockerDaemon(name string) (dockerDaemon, error) {
	var d dockerDaemon
	data, err := plainfile.Read(name, configLimit)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return d, nil // it is the daemon's file, not the user's
	}
	if err != nil {
		return d, fmt.Errorf("read registries: %w", err)
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, fmt.Errorf("read registries from %s: %w", name, err)
	}
	return d, nil
}

// mirrors are the places of a repository of docker.io.
func (d dockerDaemon) mirrors(h *hosts, path string) ([]place, error) {
	var all []place
	for _, m := range d.Mirrors {
		u, err := url.Parse(m)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("docker's daemon.json has the mirror %q, which is not an address", m)
		}
		all = append(all, h.place(u.Host, join(strings.Trim(u.Path, "/"), path), true, u.Scheme == "http"))
	}
	return all, nil
}

// isInsecure reports whether docker lets a host speak plain http.
func (d dockerDaemon) isInsecure(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	return slices.ContainsFunc(d.Insecure, func(word string) bool {
		if word == host || word == name {
			return true
		}
		_, network, err := net.ParseCIDR(word)
		return err == nil && network.Contains(net.ParseIP(name))
	})
}
