// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

// TestPrivateDirectories asks a registry about which there are files that only a daemon may
// read.
func TestPrivateDirectories(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	r.Add(t, "app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	for _, private := range []string{"docker", "docker/certs.d", "docker/certs.d/HOST", "docker/certs.d/HOST/hosts.toml"} {
		t.Run(private, func(t *testing.T) {
			home := testenv.Dir(t)
			write(t, filepath.Join(home, ".config/docker/certs.d", r.Host), map[string][]byte{"hosts.toml": []byte("server = 'http://127.0.0.1:1'\n")})
			path := filepath.Join(home, ".config", strings.ReplaceAll(private, "HOST", r.Host))
			mode := func(m fs.FileMode) {
				if err := os.Chmod(path, m); err != nil {
					t.Fatal(err)
				}
			}
			mode(0)
			t.Cleanup(func() { mode(0o700) })
			testenv.LikeUser(t)
			o := registry.Options{Env: func(name string) (string, bool) { return home, name == "HOME" }}
			if _, _, err := repository(t, o, r.Host+"/app").Manifest(t.Context(), "1"); err != nil {
				t.Error(err)
			}
		})
	}
	dir := testenv.Dir(t)
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	testenv.LikeUser(t)
	o := registry.Options{Env: noEnv, CertDir: dir}
	if _, _, err := repository(t, o, r.Host+"/app").Manifest(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a directory that was named: it says %v", err)
	}
}
