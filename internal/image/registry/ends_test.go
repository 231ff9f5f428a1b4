// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

// TestUploadEnds sends a blob to a registry that takes every part of it, never ends the
// upload, and forgets what it has.
func TestUploadEnds(t *testing.T) {
	var sent atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case r.URL.Path == "/v2/":
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "/v2/a/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		case r.Method == http.MethodPatch:
			sent.Add(1)
			w.Header().Set("Location", "/v2/a/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	blob := make([]byte, 2<<20)
	sum := sha256.Sum256(blob)
	d := v1.Descriptor{Size: int64(len(blob)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
	_, err := repository(t, registry.Options{Env: noEnv, Wait: time.Millisecond}, server.Listener.Addr().String()+"/a").Upload(t.Context(), d, "", func(offset int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(blob[offset:])), nil
	})
	if err == nil || sent.Load() == 0 || sent.Load() > 10 {
		t.Errorf("the blob was sent %d times, and the error is %v", sent.Load(), err)
	}
}

// TestRefusedReferrers asks a registry that refuses the referrers API: that there are
// none can't be said then.
func TestRefusedReferrers(t *testing.T) {
	for status, want := range map[int]string{http.StatusForbidden: "403", http.StatusNotFound: "", http.StatusNotImplemented: ""} {
		r := testenv.NewFakeRegistry(t, testenv.Quirks{NoReferrers: true, ReferrersStatus: status})
		found, err := repository(t, registry.Options{Env: noEnv, Wait: time.Millisecond}, r.Host+"/a").Referrers(t.Context(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)})
		if (err == nil) != (want == "") || len(found) > 0 {
			t.Errorf("%d: %v, %v", status, found, err)
		}
	}
}
