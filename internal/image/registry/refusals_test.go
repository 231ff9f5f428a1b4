// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/registry"
)

// TestPagesAsRefusals asks a registry that answers with a status and a page for people, which
// is long, or breaks off.
func TestPagesAsRefusals(t *testing.T) {
	page := strings.Repeat("<p>No such page.", 10000)
	for name, body := range map[string]http.HandlerFunc{
		"long":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) },
		"broken off": func(http.ResponseWriter, *http.Request) { breakOff() },
	} {
		for status, want := range map[int]string{
			http.StatusUnauthorized: "wants a login", http.StatusForbidden: "does not allow it", http.StatusNotFound: "no such image",
			http.StatusAlreadyReported: "answers 208", http.StatusTooManyRequests: "too many requests", http.StatusInternalServerError: "500 Internal Server Error",
		} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v2/" {
					return
				}
				w.Header().Set("Content-Length", strconv.Itoa(len(page)))
				w.WriteHeader(status)
				_ = http.NewResponseController(w).Flush()
				body(w, r)
			}))
			r := repository(t, registry.Options{Env: noEnv, Wait: time.Microsecond}, server.Listener.Addr().String()+"/a")
			_, _, pulled := r.Manifest(t.Context(), "1")
			pushed := r.PutManifest(t.Context(), "1", v1.Descriptor{MediaType: types.OCIManifestSchema1}, []byte("{}"))
			if status < http.StatusBadRequest && name == "broken off" {
				want = "unexpected EOF" // no refusal, but a connection that broke
			}
			for _, err := range []error{pulled, pushed} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s, %d: it says %v, want %q", name, status, err, want)
				}
			}
			found, err := r.Referrers(t.Context(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)})
			if status == http.StatusNotFound && (err != nil || len(found) > 0) || status == http.StatusForbidden && !errors.Is(err, registry.ErrLogin) {
				t.Errorf("%s, %d: the referrers are %v, and the error is %v", name, status, found, err)
			}
			server.Close()
		}
	}
}
