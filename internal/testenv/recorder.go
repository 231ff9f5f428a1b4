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

// ServeHTTP answers one request. It is noted before the answer goes out: who has that may
// ask for the requests at once.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	noting := &noter{ResponseWriter: w, note: func(status int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests = append(r.requests, Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query(), Status: status})
	}}
	if code, body := r.refused(req); code != 0 {
		w.Header().Set("Content-Type", "application/json")
		noting.WriteHeader(code)
		_, _ = noting.Write([]byte(body))
	} else {
		r.next.ServeHTTP(noting, req)
	}
	noting.once(http.StatusOK)
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

// noter notes the status that goes by, once.
type noter struct {
	http.ResponseWriter
	note  func(status int)
	noted bool
}

func (n *noter) once(status int) {
	if !n.noted {
		n.noted = true
		n.note(status)
	}
}

// WriteHeader notes the status.
func (n *noter) WriteHeader(status int) {
	n.once(status)
	n.ResponseWriter.WriteHeader(status)
}

// Write notes that the status is the usual one if none was written.
func (n *noter) Write(data []byte) (int, error) {
	n.once(http.StatusOK)
	return n.ResponseWriter.Write(data)
}

// Unwrap gives http.ResponseController the writer behind.
func (n *noter) Unwrap() http.ResponseWriter { return n.ResponseWriter }
