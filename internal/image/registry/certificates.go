// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/resolver/config"

	"github.com/strata-build/strata/internal/plainfile"
)

// certificates are files: what to trust beside the system's, and what to show.
type certificates struct {
	trusted []string
	pairs   []config.TLSKeyPair
	// dirs are docker's directories: *.crt is trusted, *.cert with *.key is shown. The usual
	// ones are those that no one named.
	dirs, usual []string
	// base is what they are added to, if it is not nil.
	base *tls.Config
}

func (h *hosts) certificates(host string, conf config.RegistryConfig) certificates {
	c := certificates{trusted: conf.RootCAs, pairs: conf.KeyPairs, dirs: conf.TLSConfigDir}
	if h.options.CertDir != "" {
		c.dirs = append(c.dirs[:len(c.dirs):len(c.dirs)], h.options.CertDir)
		return c
	}
	for _, top := range certTops(h.options.Env) {
		c.usual = append(c.usual, filepath.Join(top, host))
	}
	return c
}

// certTops are where docker, podman and containerd look for directories named after a host.
func certTops(env func(string) (string, bool)) []string {
	tops := []string{"/etc/containers/certs.d", "/etc/docker/certs.d", "/etc/containerd/certs.d"}
	if home := getenv(env, "HOME"); home != "" {
		for _, engine := range []string{"containerd", "docker", "containers"} {
			tops = append([]string{filepath.Join(home, ".config", engine, "certs.d")}, tops...)
		}
	}
	return tops
}

// config reads the files.
func (c certificates) config(insecure bool) (*tls.Config, error) {
	conf := &tls.Config{}
	if c.base != nil {
		conf = c.base.Clone()
	}
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	conf.InsecureSkipVerify = conf.InsecureSkipVerify || insecure //nolint:gosec // the user asked for it
	c, err := c.withDirs()
	if err != nil {
		return nil, err
	}
	if len(c.trusted) > 0 && conf.RootCAs == nil {
		if conf.RootCAs, err = x509.SystemCertPool(); err != nil {
			conf.RootCAs = x509.NewCertPool()
		}
	}
	for _, name := range c.trusted {
		data, err := plainfile.Read(name, configLimit)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		if !conf.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("read certificate: nothing in %s is one in PEM", name)
		}
	}
	for _, p := range c.pairs {
		pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		conf.Certificates = append(conf.Certificates, pair)
	}
	return conf, nil
}

// withDirs adds the files in the directories.
func (c certificates) withDirs() (certificates, error) {
	out := certificates{trusted: c.trusted[:len(c.trusted):len(c.trusted)], pairs: c.pairs[:len(c.pairs):len(c.pairs)]}
	for i, dir := range slices.Concat(c.dirs, c.usual) {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) || i >= len(c.dirs) && errors.Is(err, fs.ErrPermission) {
			continue // what the user may not read is a daemon's
		}
		if err != nil {
			return out, fmt.Errorf("read certificates: %w", err)
		}
		for _, e := range entries {
			name := filepath.Join(dir, e.Name())
			switch filepath.Ext(name) {
			case ".crt":
				out.trusted = append(out.trusted, name)
			case ".cert":
				key := strings.TrimSuffix(name, ".cert") + ".key"
				out.pairs = append(out.pairs, config.TLSKeyPair{Certificate: name, Key: key})
			}
		}
	}
	return out, nil
}
