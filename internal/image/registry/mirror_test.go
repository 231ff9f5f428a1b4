// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// TestMirrors pulls an image of a registry that does not exist.
func TestMirrors(t *testing.T) {
	r := testenv.NewRegistry(t, testenv.RegistryOptions{})
	img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}})
	r.Push(t, "team/app:1", img)
	r.Push(t, "cache/team/app:1", img)
	r.Push(t, "library/app:1", img)
	for name, c := range map[string]struct{ image, buildkit, containers string }{
		"buildkitd":           {nowhere + "/team/app:1", fmt.Sprintf("[registry.%q]\nmirrors = [%q]\n", nowhere, r.Host), ""},
		"buildkitd, below":    {nowhere + "/team/app:1", fmt.Sprintf("[registry.%q]\nmirrors = [%q]\n", nowhere, r.Host+"/cache"), ""},
		"buildkitd, address":  {nowhere + "/team/app:1", fmt.Sprintf("[registry.%q]\nmirrors = ['https://%s/cache/']\n", nowhere, r.Host), ""},
		"docker.io":           {"app:1", fmt.Sprintf("[registry.'docker.io']\nmirrors = [%q]\n", r.Host), ""},
		"registries.conf":     {nowhere + "/team/app:1", "", fmt.Sprintf("[[registry]]\nprefix = %q\nlocation = %q\n[[registry.mirror]]\nlocation = %q\n", nowhere, nowhere, r.Host)},
		"slashes at the end":  {nowhere + "/team/app:1", "", fmt.Sprintf("[[registry]]\nlocation = '%s/'\n[[registry.mirror]]\nlocation = '%s/cache/'\n", nowhere, r.Host)},
		"prefix and rest":     {nowhere + "/team/app:1", "", fmt.Sprintf("[[registry]]\nprefix = '%s/team'\nlocation = '%s/cache/team'\n", nowhere, r.Host)},
		"any host of a name":  {"a." + nowhere + "/team/app:1", "", fmt.Sprintf("[[registry]]\nprefix = '*.invalid'\nlocation = %q\n", r.Host)},
		"a mirror that fails": {r.Host + "/team/app:1", "", fmt.Sprintf("[[registry]]\nlocation = %q\n[[registry.mirror]]\nlocation = '127.0.0.1:1'\n", r.Host)},
		"a mirror without it": {r.Host + "/team/app:1", fmt.Sprintf("[registry.%q]\nmirrors = ['%s/none']\n", r.Host, r.Host), ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, testenv.Dir(t), map[string][]byte{"buildkitd.toml": []byte(c.buildkit), "registries.conf": []byte(c.containers)})
			o := registry.Options{
				Config: filepath.Join(dir, "buildkitd.toml"),
				Env: func(v string) (string, bool) {
					return filepath.Join(dir, "registries.conf"), v == "CONTAINERS_REGISTRIES_CONF"
				},
			}
			if err := pull(t, o, c.image); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNoMirrors reads configurations with mirrors and places that can't be ones. They are not
// passed over, also where the registry itself answers.
func TestNoMirrors(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	ref := r.Add(t, "app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	for _, c := range []struct{ file, text, want string }{
		{"buildkitd.toml", fmt.Sprintf("[registry.%q]\nmirrors = ['https:/cache.example.org']\n", r.Host), `buildkitd.toml: the mirror "https:/cache.example.org" is not an address`},
		{"buildkitd.toml", fmt.Sprintf("[registry.%q]\nmirrors = ['']\n", r.Host), `the mirror "" is not an address`},
		{"registries.conf", fmt.Sprintf("[[registry]]\nlocation = %q\n[[registry.mirror]]\nlocation = 'https://cache.example.org'\n", r.Host), `registries.conf: "https://cache.example.org" has a scheme`},
		{"registries.conf", fmt.Sprintf("[[registry]]\nlocation = 'http://%s'\nblocked = true\n", r.Host), "has a scheme"},
	} {
		dir := write(t, testenv.Dir(t), map[string][]byte{"buildkitd.toml": nil, "registries.conf": nil, c.file: []byte(c.text)})
		o := registry.Options{Config: filepath.Join(dir, "buildkitd.toml"), Env: func(v string) (string, bool) {
			return filepath.Join(dir, "registries.conf"), v == "CONTAINERS_REGISTRIES_CONF"
		}}
		if err := pull(t, o, ref); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: it says %v, want %q", c.text, err, c.want)
		}
	}
}

// TestContainersConfig reads what registries.conf says beside places: what is
// blocked, what mirrors may be asked for, and which file is stronger.
func TestContainersConfig(t *testing.T) {
	r, mirror := testenv.NewRegistry(t, testenv.RegistryOptions{}), testenv.NewRegistry(t, testenv.RegistryOptions{})
	img := testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}})
	r.Push(t, "team/app:1", img)
	mirror.Push(t, "team/app:1", img)
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	table := func(more string) string {
		return fmt.Sprintf("[[registry]]\nlocation = %q\n%s\n[[registry.mirror]]\nlocation = %q\n", r.Host, more, mirror.Host)
	}
	for name, c := range map[string]struct {
		conf                string
		byTag, byDigest, ok bool
	}{
		"all":             {table(""), true, true, true},
		"digest-only":     {table("") + "pull-from-mirror = 'digest-only'\n", false, true, true},
		"of all mirrors":  {table("mirror-by-digest-only = true"), false, true, true},
		"blocked":         {table("blocked = true"), false, false, false},
		"the later table": {table("blocked = true") + table(""), true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			home := write(t, testenv.Dir(t), map[string][]byte{".config/containers/registries.conf.d/x.conf": []byte(c.conf)})
			o := registry.Options{Env: func(v string) (string, bool) { return home, v == "HOME" }, Wait: time.Millisecond}
			mirror.Reset()
			if err := pull(t, o, r.Host+"/team/app:1"); (err == nil) != c.ok {
				t.Fatal(err)
			} else if !c.ok {
				return
			}
			if _, _, err := repository(t, o, r.Host+"/team/app").Manifest(t.Context(), digest.String()); err != nil {
				t.Fatal(err)
			}
			got := mirror.String()
			if strings.Contains(got, "/manifests/1") != c.byTag || strings.Contains(got, "/manifests/sha256:") != c.byDigest {
				t.Errorf("the mirror was asked for\n%s", got)
			}
		})
	}
}

// TestPlainHTTP asks a registry that speaks no TLS, under a name that is not
// local.
func TestPlainHTTP(t *testing.T) {
	r := testenv.SharedRegistry(t)
	r.Push(t, "plain/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	if err := pull(t, registry.Options{}, r.Host+"/plain/app:1"); err != nil {
		t.Errorf("a local registry: %v", err)
	}
}

// TestRetryAfter waits as long as the server asks.
func TestRetryAfter(t *testing.T) {
	r := testenv.NewRegistry(t, testenv.RegistryOptions{})
	r.Push(t, "app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	var first, second time.Time
	note := &misbehave.Rule{Method: "GET", Path: "/manifests/", Times: 2, Fault: func(w http.ResponseWriter, q *http.Request, next http.Handler) {
		if first.IsZero() {
			first = time.Now()
			misbehave.Answer(http.StatusTooManyRequests, "Retry-After: 1")(w, q, next)
			return
		}
		second = time.Now()
		next.ServeHTTP(w, q)
	}}
	r.Misbehave(t, note)
	if err := pull(t, registry.Options{}, r.Host+"/app:1"); err != nil {
		t.Fatal(err)
	}
	if waited := second.Sub(first); waited < time.Second {
		t.Errorf("the client waited %s, the server asked for a second", waited)
	}
}
