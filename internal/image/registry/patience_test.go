// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// transportFunc is a function that sends requests.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestPatienceWithSecondBody sends a body as net/http does when the idle connection that it took
// turns out to be closed: from the start, on another one. The pauses between its parts are
// shorter than the limit, all of it takes longer.
func TestPatienceWithSecondBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &patience{limit: time.Minute, next: transportFunc(func(req *http.Request) (*http.Response, error) {
			_, _ = req.Body.Read(make([]byte, 4))
			req.Body.Close()
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			defer body.Close()
			for part := make([]byte, 4); ; time.Sleep(20 * time.Second) {
				if req.Context().Err() != nil {
					return nil, context.Cause(req.Context())
				}
				if _, err := body.Read(part); errors.Is(err, io.EOF) {
					return &http.Response{StatusCode: http.StatusAccepted, Body: http.NoBody}, nil
				}
			}
		})}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://registry.example.org/v2/a/blobs/uploads/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, 40))), nil }
		if err := attach(req, open, 40, false); err != nil {
			t.Fatal(err)
		}
		resp, err := p.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	})
}
