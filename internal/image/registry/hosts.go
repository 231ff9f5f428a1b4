// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/moby/buildkit/util/resolver/config"
	"github.com/pelletier/go-toml/v2"

	"github.com/strata-build/strata/internal/plainfile"
)

// place is where requests for a repository go.
type place struct {
	// host is what is asked, with its port.
	host string
	// path is the repository's name there.
	path string
	// insecure allows plain http and any certificate.
	insecure bool
	// tls has the certificates.
	tls certificates
	// mirror says that it is another one than was asked for.
	mirror bool
	// root is the path of its API; apiRoot if empty.
	root string
	// of is the host that it is a mirror of, for the ones that want to know.
	of string
	// header is sent with each request.
	header http.Header
	// able is what it may be asked for; 0 for the usual: a mirror gives, the registry
	// itself takes as well.
	able docker.HostCapabilities
	// dial connects; nil for the usual way.
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// config says which part of the configuration the place is of, if it is not the
	// only one for its host.
	config string
}

// apiRoot is where a registry's API is.
const apiRoot = "/v2"

// can reports whether the place may be asked for something.
func (p place) can(c docker.HostCapabilities) bool {
	if p.able == 0 {
		return !p.mirror || !c.Has(docker.HostCapabilityPush)
	}
	return p.able.Has(c)
}

// base is the address of the API.
func (p place) base() string {
	if p.root == "" {
		return apiRoot
	}
	return p.root
}

// hosts is what the configuration says of registries.
type hosts struct {
	options Options
	// buildkit is by host.
	buildkit map[string]config.RegistryConfig
	// containers are the tables of registries.conf.
	containers []containersRegistry
	docker     dockerDaemon
}

func readHosts(o Options) (*hosts, error) {
	h := &hosts{options: o}
	if o.Config != "" {
		var file struct {
			Registries map[string]config.RegistryConfig `toml:"registry"`
		}
		data, err := plainfile.Read(o.Config, configLimit)
		if err != nil {
			return nil, fmt.Errorf("read registries: %w", err)
		}
		if err := toml.Unmarshal(data, &file); err != nil {
			return nil, fmt.Errorf("read registries from %s: %w", o.Config, err)
		}
		h.buildkit = absolute(file.Registries, filepath.Dir(o.Config))
	}
	for _, name := range containersFiles(o.Env) {
		tables, err := readContainers(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read registries from %s: %w", name, err)
		}
		h.containers = append(h.containers, tables...)
	}
	var err error
	h.docker, err = readDockerDaemon(dockerDaemonFile(o.Env))
	return h, err
}

// places are where a repository can be had, the mirrors first. What --config names
// comes before containerd's file, and without that come podman's and docker's.
func (h *hosts) places(host, path string) ([]place, error) {
	var all []place
	for _, m := range h.buildkit[host].Mirrors {
		mirrorHost, prefix, err := buildkitMirror(m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.options.Config, err)
		}
		all = append(all, h.place(mirrorHost, join(prefix, path), true, false))
	}
	ofContainerd, err := h.containerdPlaces(host, path)
	if err != nil || len(ofContainerd) > 0 {
		return append(all, ofContainerd...), err
	}
	self := h.place(host, path, false, false)
	if table, ok := longest(h.containers, host+"/"+path); ok {
		rest := table.rest(host + "/" + path)
		if table.Blocked {
			return nil, fmt.Errorf("registries.conf blocks %s", host+"/"+path)
		}
		for _, m := range table.Mirrors {
			mirrorHost, prefix, _ := strings.Cut(m.Location, "/")
			p := h.place(mirrorHost, join(prefix, rest), true, m.Insecure)
			p.able = m.able(table.DigestOnly)
			all = append(all, p)
		}
		if table.Location != "" {
			toHost, prefix, _ := strings.Cut(table.Location, "/")
			self = h.place(toHost, join(prefix, rest), false, table.Insecure)
		}
		self.insecure = self.insecure || table.Insecure
	}
	if host == "docker.io" {
		ofDocker, err := h.docker.mirrors(h, path)
		if err != nil {
			return nil, err
		}
		all = append(all, ofDocker...)
	}
	return append(all, self), nil
}

// buildkitMirror is the host of a mirror and what comes before the names there. A scheme in
// front says nothing to BuildKit: it is the mirror's own table that allows plain http.
func buildkitMirror(text string) (host, prefix string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		u, err = url.Parse("//" + text)
	}
	if err == nil {
		_, err = name.NewRegistry(u.Host, name.StrictValidation)
	}
	if err != nil || strings.HasSuffix(u.Host, ":") {
		return "", "", fmt.Errorf("the mirror %q is not an address", text)
	}
	return u.Host, strings.Trim(u.Path, "/"), nil
}

// place completes a host with what is configured for it.
func (h *hosts) place(host, path string, mirror, insecure bool) place {
	conf := h.buildkit[host]
	isSet := func(b *bool) bool { return b != nil && *b }
	return place{
		host: host, path: path, mirror: mirror,
		insecure: insecure || h.options.Insecure || isSet(conf.PlainHTTP) || isSet(conf.Insecure) || h.docker.isInsecure(host),
		tls:      h.certificates(host, conf),
	}
}

func join(prefix, path string) string {
	return strings.Trim(prefix+"/"+path, "/")
}

// absolute gives files that are named in a directory's configuration their place.
func absolute(tables map[string]config.RegistryConfig, dir string) map[string]config.RegistryConfig {
	in := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	out := make(map[string]config.RegistryConfig, len(tables))
	for host, t := range tables {
		t.RootCAs, t.TLSConfigDir, t.KeyPairs = slices.Clone(t.RootCAs), slices.Clone(t.TLSConfigDir), slices.Clone(t.KeyPairs)
		for i := range t.RootCAs {
			t.RootCAs[i] = in(t.RootCAs[i])
		}
		for i := range t.TLSConfigDir {
			t.TLSConfigDir[i] = in(t.TLSConfigDir[i])
		}
		for i := range t.KeyPairs {
			t.KeyPairs[i].Certificate, t.KeyPairs[i].Key = in(t.KeyPairs[i].Certificate), in(t.KeyPairs[i].Key)
		}
		out[host] = t
	}
	return out
}
