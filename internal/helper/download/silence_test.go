// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package download

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
)

// TestSilence has a server that stops in the middle of a file, and one that is slow but goes
// on, which is no reason to end.
func TestSilence(t *testing.T) {
	stalls := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "6")
		for _, part := range []string{"a", "b", "c", "d", "e", "f"} {
			_, _ = io.WriteString(w, part)
			w.(http.Flusher).Flush() //nolint:forcetypeassert // a server's own is one
			if r.URL.Path == "/stalls" {
				<-stalls
			}
			time.Sleep(400 * time.Millisecond)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stalls) })
	client := &http.Client{Transport: patient{http.DefaultTransport, 2 * time.Second}}
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	f := call.FetchedFile{Name: "x", Digest: digest.FromString("abcdef"), URLs: []string{server.URL + "/stalls"}}
	if err := get(t.Context(), client, dir, f); !errors.Is(err, errSilent) {
		t.Errorf("error %v, want %v", err, errSilent)
	}
	if _, err := dir.Stat("x.part"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a part is left: %v", err)
	}
	f.URLs = append(f.URLs, server.URL+"/slow")
	if err := get(t.Context(), client, dir, f); err != nil {
		t.Error(err)
	}
	if text, err := dir.ReadFile("x"); string(text) != "abcdef" {
		t.Errorf("it has %q: %v", text, err)
	}
}
