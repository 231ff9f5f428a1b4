// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// askedCache is a binary cache that notes which descriptions it is asked for.
type askedCache struct {
	*httptest.Server
	mu sync.Mutex
	// infos are the names asked for, and hidden is one that it denies to have.
	infos  []string
	hidden string
}

func newAskedCache(t *testing.T, dir string) *askedCache {
	t.Helper()
	c, files := &askedCache{}, http.FileServer(http.Dir(dir))
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if strings.HasSuffix(req.URL.Path, ".narinfo") {
			c.infos = append(c.infos, req.URL.Path)
		}
		if c.hidden != "" && req.URL.Path == c.hidden {
			http.NotFound(w, req)
			return
		}
		files.ServeHTTP(w, req)
	}))
	t.Cleanup(c.Close)
	return c
}

// asked are the descriptions asked for since the last call, sorted.
func (c *askedCache) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	infos := c.infos
	c.infos = nil
	slices.Sort(infos)
	return infos
}

// TestDerivationInfosByStep looks store paths up in one step, which asks for each once, and
// for none when it is cached. It asks again without the cache, and a lock does so by
// itself. What isn't signed comes from the next cache, and what is missing is told as ever.
func TestDerivationInfosByStep(t *testing.T) {
	h, nix := newHouse(t), testenv.Nix(t)
	cache := newAskedCache(t, filepath.Join(nix.Dir, "cache-zstd"))
	var each []string
	for _, p := range nix.Paths {
		each = append(each, narinfo(p))
	}
	slices.Sort(each)
	want := h.buildLayout(t, fromCache(nix, cache.URL)).Digest(t, "amd64")
	cache.asked()
	byStep := fromCache(nix, cache.URL) + "      fetch: step\n"
	for _, c := range []struct {
		what  string
		args  []string
		asked []string
	}{{"first", nil, each}, {"cached", nil, nil}, {"without the cache", []string{"--no-cache"}, each}} {
		if got := h.buildLayout(t, byStep, c.args...).Digest(t, "amd64"); got != want {
			t.Errorf("%s: another image: %s, want %s", c.what, got, want)
		}
		if asked := cache.asked(); !slices.Equal(asked, c.asked) {
			t.Errorf("%s: the cache was asked for %q, want %q", c.what, asked, c.asked)
		}
	}
	dir := directory(t, map[string]string{"strata.yaml": byStep})
	h.cli.MustRun(t, "lock", "--addr", h.daemon.Addr, dir)
	if asked := cache.asked(); len(asked) == 0 {
		t.Error("a lock is written without asking the cache")
	}

	unsigned := newAskedCache(t, filepath.Join(nix.Dir, "cache-unsigned"))
	text := strings.Replace(byStep, `["`+cache.URL, `["`+unsigned.URL+`", "`+cache.URL, 1)
	if got := h.buildLayout(t, text).Digest(t, "amd64"); got != want {
		t.Errorf("with an unsigned cache before: another image: %s, want %s", got, want)
	}

	cache.mu.Lock()
	cache.hidden = each[0]
	cache.mu.Unlock()
	var said [2]string
	for i, by := range []string{"source", "step"} {
		got := h.build(t, "--no-cache", "--progress=quiet", "--build-arg=STRATA_FETCH="+by, directory(t, map[string]string{"strata.yaml": fromCache(nix, cache.URL)}))
		if got.Code == 0 {
			t.Fatalf("%s: it is built without a path", by)
		}
		said[i] = got.Stderr
	}
	if said[0] != said[1] || !strings.Contains(said[1], "status 404") {
		t.Errorf("by BuildKit it is\n%s\nand by a step\n%s", said[0], said[1])
	}
}
