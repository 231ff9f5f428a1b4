// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func fixedTime() time.Time { return time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC) }

func TestRetryAfterHeader(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "Sat, 03 Feb 2024 04:05:36 GMT": 30 * time.Second, "Sat, 03 Feb 2024 04:00:00 GMT": 0,
	} {
		if got, ok := retryAfter(text, fixedTime()); !ok || got != want {
			t.Errorf("retryAfter(%q) = %s, %t; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-1", "soon"} {
		if got, ok := retryAfter(text, fixedTime()); ok {
			t.Errorf("retryAfter(%q) = %s", text, got)
		}
	}
}

// TestGoAway reads from a server that closes a connection of HTTP/2 after it said that it would.
func TestGoAway(t *testing.T) {
	var server *httptest.Server
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "start")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(100 * time.Millisecond) // for the frame to go out
		server.CloseClientConnections()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err == nil || !isDropped(err) {
		t.Errorf("the error %v does not count as that of a broken connection", err)
	}
}
