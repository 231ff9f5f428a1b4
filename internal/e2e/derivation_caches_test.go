// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestDerivationFromAnotherCache takes archives that a cache describes, but no
// longer has, from the next one: packed the same way or another, locked or not. The
// image is the same one.
func TestDerivationFromAnotherCache(t *testing.T) {
	nix := testenv.Nix(t)
	var lost, asked atomic.Bool
	files := http.FileServer(http.Dir(nix.Dir))
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if lost.Load() && strings.Contains(req.URL.Path, "/nar/") {
			asked.Store(true)
			http.NotFound(w, req)
			return
		}
		files.ServeHTTP(w, req)
	}))
	t.Cleanup(first.Close)
	second := httptest.NewServer(files)
	t.Cleanup(second.Close)
	text := func(others ...string) string {
		caches := fmt.Sprintf("%q", first.URL+"/cache-zstd")
		for _, other := range others {
			caches += fmt.Sprintf(", %q", second.URL+other)
		}
		return derive(nix, fmt.Sprintf("substituters: [%s]\ntrusted_public_keys: [%q]", caches, nix.Key))
	}
	// Each build has an engine of its own: one that has an archive asks no one.
	digest := func(t *testing.T, dir string) string {
		t.Helper()
		out := filepath.Join(t.TempDir(), "image.tar")
		testenv.Strata(t).MustRun(t, "build", "-o", "type=oci,dest="+out, dir)
		return testenv.OpenLayout(t, out).Digest(t, "amd64")
	}
	want := digest(t, directory(t, map[string]string{"strata.yaml": text()}))
	locked := directory(t, map[string]string{"strata.yaml": text("/cache-xz")})
	testenv.Strata(t).MustRun(t, "lock", locked)
	build := func(t *testing.T, dir string) {
		t.Helper()
		asked.Store(false)
		if got := digest(t, dir); got != want {
			t.Errorf("another image: %s, want %s", got, want)
		}
		if lost.Load() && !asked.Load() {
			t.Error("the first cache was not asked for any archive")
		}
	}
	lost.Store(true)
	for name, other := range map[string]string{"packed otherwise": "/cache-xz", "the same archive": "/cache-zstd"} {
		t.Run(name, func(t *testing.T) { build(t, directory(t, map[string]string{"strata.yaml": text(other)})) })
	}
	t.Run("locked", func(t *testing.T) { build(t, locked) })
	t.Run("nowhere", func(t *testing.T) {
		dir := directory(t, map[string]string{"strata.yaml": text("/cache-unsigned")})
		result := testenv.Strata(t).Run(t, "build", "-o", "type=cacheonly", dir)
		if result.Code == 0 || !strings.Contains(result.Stderr, "strata.yaml:3:") ||
			!strings.Contains(result.Stderr, first.URL+"/cache-zstd/nar/") || !strings.Contains(result.Stderr, "404") {
			t.Errorf("exit status %d\n%s\nwant an error at the line that names the archive", result.Code, result.Stderr)
		}
	})
	t.Run("locked and the cache is gone", func(t *testing.T) {
		lost.Store(false)
		first.Close()
		build(t, locked)
	})
}
