// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	hostsconfig "github.com/containerd/containerd/v2/core/remotes/docker/config"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/pelletier/go-toml/v2"
	"github.com/sirupsen/logrus"

	"github.com/strata-build/strata/internal/plainfile"
)

// hostsFile is the name of containerd's file about a registry.
const hostsFile = "hosts.toml"

// hostsTops are where containerd looks for directories named after a host.
func hostsTops(env func(string) (string, bool)) []string {
	tops := []string{"/etc/containerd/certs.d", "/etc/docker/certs.d"}
	if home := getenv(env, "HOME"); home != "" {
		user := filepath.Join(home, ".config")
		tops = append([]string{filepath.Join(user, "containerd", "certs.d"), filepath.Join(user, "docker", "certs.d")}, tops...)
	}
	return tops
}

// containerdPlaces are the places of containerd's hosts.toml for a host; none
// when there is no such file. containerd reads it itself.
func (h *hosts) containerdPlaces(host, path string) ([]place, error) {
	dir, err := hostsDir(h.options.Env, host)
	if err != nil || dir == "" {
		return nil, err
	}
	file := filepath.Join(dir, hostsFile)
	data, err := plainfile.Read(file, configLimit)
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil // it is the daemon's file, not the user's
	}
	if err != nil {
		return nil, fmt.Errorf("read registries: %w", err)
	}
	if err := toml.Unmarshal(data, &map[string]any{}); err != nil {
		return nil, fmt.Errorf("read registries from %s: %w", file, err)
	}
	found, err := readHostsDir(dir, host)
	if err != nil {
		return nil, fmt.Errorf("read registries from %s: %w", file, err)
	}
	var all []place
	for i, f := range found {
		p := h.containerdPlace(f, host, path)
		p.config = fmt.Sprintf("%s#%d", file, i)
		all = append(all, p)
	}
	return all, nil
}

// hostsDir is the first directory about a host with containerd's file. What the user may not
// look into counts as not there: docker used to make /etc/docker so.
func hostsDir(env func(string) (string, bool), host string) (string, error) {
	for _, top := range hostsTops(env) {
		dir, err := hostsconfig.HostDirFromRoot(top)(host)
		if cerrdefs.IsNotFound(err) || errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read registries: %w", err)
		}
		switch _, err := os.Stat(filepath.Join(dir, hostsFile)); {
		case err == nil:
			return dir, nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", fmt.Errorf("read registries: %w", err)
		}
	}
	return "", nil
}

// readHostsDir has containerd read the directory. What it only logs and passes over
// is an error here.
func readHostsDir(dir, host string) ([]docker.RegistryHost, error) {
	var said bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&said)
	logger.SetLevel(logrus.ErrorLevel)
	logger.SetFormatter(faultFormat{})
	ctx := log.WithLogger(context.Background(), logrus.NewEntry(logger))
	found, err := hostsconfig.ConfigureHosts(ctx, hostsconfig.HostOptions{
		HostDir: func(string) (string, error) { return dir, nil },
	})(host)
	if err == nil && said.Len() > 0 {
		err = errors.New(said.String())
	}
	return found, err
}

// faultFormat writes nothing of a log entry but its error.
type faultFormat struct{}

// Format writes an entry.
func (faultFormat) Format(e *logrus.Entry) ([]byte, error) {
	if err, ok := e.Data[logrus.ErrorKey].(error); ok {
		return []byte(oneLine(err.Error())), nil
	}
	return []byte(e.Message), nil
}

// containerdPlace is a place of containerd's in our terms.
func (h *hosts) containerdPlace(f docker.RegistryHost, host, path string) place {
	at := f.Host
	if host == "docker.io" && at == "registry-1.docker.io" {
		at = host
	}
	p := h.place(at, path, at != host, f.Scheme == "http")
	p.root = strings.TrimRight(f.Path, "/")
	p.header = f.Header
	p.able = f.Capabilities
	if at != host {
		p.of = host
	}
	if t, ok := f.Client.Transport.(*http.Transport); ok {
		p.tls.base, p.dial = t.TLSClientConfig, t.DialContext
	}
	return p
}
