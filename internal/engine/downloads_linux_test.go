// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// TestBoundedDownloads reads answers that are as long as they may be, and longer ones.
func TestBoundedDownloads(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("bytes"))
		if r.URL.Query().Has("said") {
			w.Header().Set("Content-Length", strconv.Itoa(n))
		}
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		w.WriteHeader(max(status, http.StatusOK))
		_, _ = io.WriteString(w, strings.Repeat("x", n))
	}))
	defer server.Close()
	client := &http.Client{Transport: bounded{http.DefaultTransport, 1000}}
	for query, ok := range map[string]bool{
		"bytes=0": true, "bytes=1000": true, "bytes=1000&said": true, "bytes=1001": false, "bytes=1001&said": false, "bytes=5000000": false,
		"bytes=5000&status=404": true,
	} {
		response, err := client.Get(server.URL + "/?" + query)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "the server sends more than 1000 bytes") {
			t.Errorf("%s: %v", query, err)
		}
	}
}
