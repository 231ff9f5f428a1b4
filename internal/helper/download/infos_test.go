// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package download

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/testenv"
)

// TestInfos asks for a closure: what one cache lacks comes from the next one. It writes
// nothing if a path is in none, or a server answers otherwise.
func TestInfos(t *testing.T) {
	closure := testenv.MakeClosure(t, 5, -1, "")
	cache := testenv.FileServer(t, closure.Cache)
	serve := func(answer http.HandlerFunc) string {
		s := httptest.NewServer(answer)
		t.Cleanup(s.Close)
		return s.URL
	}
	lacks := serve(http.NotFound)
	for name, c := range map[string]struct {
		caches []string
		want   string
	}{
		"whole":     {[]string{cache.URL}, ""},
		"second":    {[]string{lacks, cache.URL}, ""},
		"lacks":     {[]string{lacks}, "not found"},
		"forbidden": {[]string{serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })}, "status 403"},
		"big":       {[]string{serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5<<20)) })}, "wrong size"},
		"short": {[]string{serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("StorePath: "))
		})}, "unexpected EOF"},
		"no server": {[]string{"http://127.0.0.1:1"}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "infos")
			err := Infos(t.Context(), call.Infos{Caches: c.caches, Out: out, Paths: []string{closure.Root}})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				if _, err := os.Stat(out); err == nil {
					t.Error("it has written something")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var texts map[string]string
			if err := json.Unmarshal(data, &texts); err != nil {
				t.Fatal(err)
			}
			if len(texts) != 6 {
				t.Errorf("it has %d descriptions, want 6", len(texts))
			}
		})
	}
}
