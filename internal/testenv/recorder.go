// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Request is one request that a server answered.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Status int
}

// Recorder stands before a server and notes what passes through. With it a test
// can tell which blobs were pushed and which were there already, and can play a
// registry that refuses.
type Recorder struct {
	next http.Handler

	mu       sync.Mutex
	requests []Request
	refuse   func(*http.Request) (status int, body string)
}

// Refuse makes the server answer a request with a status and a body of its
// own whenever f gives a status other than 0. A nil f ends that.
func (r *Recorder) Refuse(f func(*http.Request) (status int, body string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = f
}

// Requests returns what was asked of the server so far, or since Reset.
func (r *Recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Request(nil), r.requests...)
}

// Reset forgets the requests so far.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}

// String lists the requests, one a line.
func (r *Recorder) String() string {
	var b strings.Builder
	for _, q := range r.Requests() {
		fmt.Fprintf(&b, "%d %s %s\n", q.Status, q.Method, q.Path)
	}
	return b.String()
}

// Uploads returns the digests of the blobs that were really sent to the
// repository, in order. A blob that is found or mounted isn't sent.
func (r *Recorder) Uploads(repository string) []string {
	var digests []string
	for _, q := range r.Requests() {
		if q.Method == http.MethodPut && q.Status == http.StatusCreated &&
			strings.HasPrefix(q.Path, "/v2/"+repository+"/blobs/uploads/") {
			digests = append(digests, q.Query.Get("digest"))
		}
	}
	return digests
}

// ServeHTTP answers one request.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	if code, body := r.refused(req); code != 0 {
		w.Header().Set("Content-Type", "application/json")
		status.WriteHeader(code)
		_, _ = status.Write([]byte(body))
	} else {
		r.next.ServeHTTP(status, req)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, Request{
		Method: req.Method, Path: req.URL.Path, Query: req.URL.Query(), Status: status.status,
	})
}

func (r *Recorder) refused(req *http.Request) (int, string) {
	r.mu.Lock()
	f := r.refuse
	r.mu.Unlock()
	if f == nil {
		return 0, ""
	}
	return f(req)
}

// statusWriter keeps the status that went by.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer behind.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
