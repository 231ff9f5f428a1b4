// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// TestDerivationPrivate asks a cache that wants a login. The secret is nowhere but
// in the requests.
func TestDerivationPrivate(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	login := "Basic " + base64.StdEncoding.EncodeToString([]byte("somebody:a-Secret-of-mine"))
	files := http.FileServer(http.Dir(filepath.Join(nix.Dir, "cache-gzip")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != login {
			w.Header().Set("WWW-Authenticate", `Basic realm="the cache"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	// Another name for the host, so that nothing comes from what other tests fetched.
	url := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	dir := directory(t, map[string]string{"strata.yaml": fromCache(nix, url), "login": login})
	failed := h.build(t, "--progress=plain", "--no-cache", dir)
	if failed.Code != 1 || !strings.Contains(failed.Stderr, "401") || !strings.Contains(failed.Stderr, "strata.yaml:3") {
		t.Errorf("without a login: exit status %d\n%s", failed.Code, failed.Stderr)
	}
	secret := "--secret=id=HTTP_AUTH_HEADER_localhost,src=" + filepath.Join(dir, "login")
	out, meta := filepath.Join(dir, "image"), filepath.Join(dir, "meta.json")
	built := h.mustBuild(t, "--progress=rawjson", secret, "--provenance=mode=max", "--metadata-file", meta, "-o", "type=oci,tar=false,dest="+out, dir)
	said := built.Stdout + built.Stderr + read(t, meta)
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			said += read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"a-Secret-of-mine", strings.TrimPrefix(login, "Basic ")} {
		if strings.Contains(said, word) {
			t.Errorf("%q is in what the build gave", word)
		}
	}
	h.mustBuild(t, secret, "-o", "type=oci,dest="+out+".tar", dir)
	want := h.buildLayout(t, derive(nix, "store: {context: st}"), "--build-context=st="+nix.Dir+"/cache-none").Digest(t, "amd64")
	if got := testenv.OpenLayout(t, out+".tar").Digest(t, "amd64"); got != want {
		t.Errorf("another image: %s, want %s", got, want)
	}
}

// TestDerivationThroughProxy knows the cache only by a name that the proxy resolves.
func TestDerivationThroughProxy(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	var asked atomic.Int64
	files := http.FileServer(http.Dir(filepath.Join(nix.Dir, "cache-zstd")))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Host != "cache.example.org" {
			http.Error(w, "no such host", http.StatusBadGateway)
			return
		}
		asked.Add(1)
		files.ServeHTTP(w, req)
	}))
	t.Cleanup(proxy.Close)
	cli := *h.cli
	cli.Env = append(cli.Env, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	dir := directory(t, map[string]string{"strata.yaml": fromCache(nix, "http://cache.example.org")})
	out := filepath.Join(dir, "image.tar")
	cli.MustRun(t, "build", "-o", "type=oci,dest="+out, dir)
	checkStore(t, nix, testenv.OpenLayout(t, out))
	if n := asked.Load(); n < int64(2*len(nix.Paths)) {
		t.Errorf("the proxy was asked %d times for %d paths", n, len(nix.Paths))
	}
}

// TestDerivationForPlatforms has paths for two platforms, of which only one can run
// here: nothing has to.
func TestDerivationForPlatforms(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	text := strings.Replace(derive(nix, "store: {context: st}\nregistration: true"), "path: "+nix.App, fmt.Sprintf("path: {amd64: %s, arm64: %s}", nix.App, nix.Link), 1)
	l := h.buildLayout(t, text, "--platform=linux/amd64,linux/arm64", "--build-context=st="+nix.Dir+"/cache-xz")
	l.Validate(t, "amd64")
	l.Validate(t, "arm64")
	for arch, root := range map[string]string{"amd64": nix.App, "arm64": nix.Link} {
		if listings := strings.Join(l.LayerListings(t, arch), ""); !strings.Contains(listings, " "+strings.TrimPrefix(root, "/")) {
			t.Errorf("%s isn't in the image for %s:\n%s", root, arch, listings)
		}
	}
	alone := h.buildLayout(t, derive(nix, "store: {context: st}\nregistration: true"), "--build-context=st="+nix.Dir+"/cache-xz")
	if diff := cmp.Diff(layersOf(alone.Manifest(t, "amd64")), layersOf(l.Manifest(t, "amd64"))); diff != "" {
		t.Errorf("layers built alone and with another platform: %s", diff)
	}
}

func layersOf(m v1.Manifest) (digests []string) {
	for _, layer := range m.Layers {
		digests = append(digests, layer.Digest.String())
	}
	return digests
}
