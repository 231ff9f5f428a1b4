// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// Front is another address of a server, at which it can go wrong. It gives all that it
// can an ETag, as most servers do: what goes wrong behind it then has the ETag of what is
// right.
type Front struct {
	// URL is the address, without a slash at the end.
	URL string

	faults misbehaving
}

// NewFront stands before the server at an address until the test ends.
func NewFront(t testing.TB, address string) *Front {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	f := &Front{}
	f.faults.next = tagged(&httputil.ReverseProxy{
		ErrorLog: quietLog(), // a client that hangs up is not news
		Rewrite:  func(p *httputil.ProxyRequest) { p.SetURL(at) },
	})
	f.URL = "http://" + serve(t, &f.faults)
	return f
}

// tagged gives whole files an ETag by their content.
func tagged(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet {
			server.ServeHTTP(w, req)
			return
		}
		asked := req.Clone(req.Context())
		asked.Header.Del("If-None-Match")
		got := httptest.NewRecorder()
		server.ServeHTTP(got, asked)
		maps.Copy(w.Header(), got.Header())
		if got.Code != http.StatusOK {
			w.WriteHeader(got.Code)
			_, _ = got.Body.WriteTo(w)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf("\"%x\"", sha256.Sum256(got.Body.Bytes())))
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(got.Body.Bytes()))
	})
}

// Misbehave lets the server go wrong until it is called again. A fault may not be one
// of [misbehave.Uploads].
func (f *Front) Misbehave(rules ...*misbehave.Rule) {
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	f.faults.rules = rules
}
