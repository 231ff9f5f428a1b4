// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/registry"
)

// resetting is a registry that speaks HTTP/2. It ends the first request for a manifest and the
// first part of an upload in the middle.
type resetting struct {
	asked, parts atomic.Int32
	got          bytes.Buffer
}

func (s *resetting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const upload = "/v2/a/blobs/uploads/1"
	switch {
	case r.ProtoMajor != 2:
		w.WriteHeader(http.StatusHTTPVersionNotSupported)
	case r.URL.Path == "/v2/":
	case r.URL.Path == "/v2/a/manifests/1":
		if s.asked.Add(1) == 1 {
			breakOff()
		}
		fmt.Fprintf(w, `{"schemaVersion": 2, "mediaType": %q}`, types.OCIManifestSchema1)
	case r.Method == http.MethodPost:
		w.Header().Set("Location", upload)
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPatch:
		if s.parts.Add(1) == 1 {
			_, _ = io.CopyN(&s.got, r.Body, 1<<20)
			breakOff()
		}
		_, _ = io.Copy(&s.got, r.Body)
		w.Header().Set("Location", upload)
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodGet:
		w.Header().Set("Range", fmt.Sprintf("0-%d", s.got.Len()-1))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// TestResets asks a registry over HTTP/2, which ends single requests and leaves the connection
// as it is.
func TestResets(t *testing.T) {
	var s resetting
	server := httptest.NewUnstartedServer(&s)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	r := repository(t, registry.Options{Env: noEnv, Insecure: true, Wait: time.Millisecond}, server.Listener.Addr().String()+"/a")
	if _, _, err := r.Manifest(t.Context(), "1"); err != nil {
		t.Error(err)
	}
	blob := bytes.Repeat([]byte("0123456789abcdef"), 3<<16)
	sum := sha256.Sum256(blob)
	d := v1.Descriptor{Size: int64(len(blob)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
	_, err := r.Upload(t.Context(), d, "", func(offset int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(blob[offset:])), nil
	})
	if err != nil || !bytes.Equal(s.got.Bytes(), blob) {
		t.Errorf("the registry has %d of %d bytes, and the error is %v", s.got.Len(), len(blob), err)
	}
}

// breakOff ends an answer, and its connection or stream, where it is.
func breakOff() {
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http has no other way, for HTTP/2
}
