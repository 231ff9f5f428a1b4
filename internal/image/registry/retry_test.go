// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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

// TestOwnPauses sends a request to servers that are busy and do not say for how long, or
// say it at the last attempt: the limit is for pauses that a server asks for.
func TestOwnPauses(t *testing.T) {
	for name, c := range map[string]struct {
		after map[int]string // by attempts before
		want  string
	}{
		"it does not say":       {nil, ""},
		"it asks for no pause":  {map[int]string{0: "0", 3: "0"}, ""},
		"it says it at the end": {map[int]string{attempts - 1: "86400"}, "asks to wait for 24h0m0s; --wait 24h0m0s does that"},
	} {
		asked := 0
		r := &retrying{wait: time.Microsecond, longest: time.Nanosecond, next: transportFunc(func(*http.Request) (*http.Response, error) {
			header := http.Header{}
			if text, ok := c.after[asked]; ok {
				header.Set("Retry-After", text)
			}
			asked++
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: header, Body: http.NoBody}, nil
		})}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://registry.example.org/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		if asked != attempts || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: it was asked %d times, and the error is %v", name, asked, err)
		}
	}
}
