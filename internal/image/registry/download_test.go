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
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
)

// TestEndsOfBlobs pulls blobs whose answers don't end as they should.
func TestEndsOfBlobs(t *testing.T) {
	blob := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	for name, c := range map[string]struct {
		sends int
		ends  func()
		want  string
	}{
		"all of it, and then the connection breaks": {len(blob), breakOff, ""},
		"a part of it": {1000, func() {}, "it ends at byte 1000 of 65536"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v2/":
			case r.Header.Get("Range") != "":
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			default:
				_, _ = w.Write(blob[:c.sends])
				_ = http.NewResponseController(w).Flush() // in chunks, without a length
				c.ends()
			}
		}))
		t.Cleanup(server.Close)
		sum := sha256.Sum256(blob)
		d := v1.Descriptor{Size: int64(len(blob)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
		rc, err := repository(t, registry.Options{Env: noEnv, Wait: time.Millisecond}, server.Listener.Addr().String()+"/a").Blob(t.Context(), d, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rc)
		rc.Close()
		if !bytes.Equal(got, blob[:c.sends]) || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d bytes, and the error is %v", name, len(got), err)
		}
	}
}
