// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package misbehave makes a registry do what registries do on a bad day.
//
// A [Rule] says to which requests something happens, and how often; [Wrap] puts
// rules before a real registry. The [Fault]s are a server that is too busy, a
// connection that breaks on the way in or out, bytes that are wrong or missing, and
// answers that come from somewhere else. It is for tests, and with hack/misbehave
// for trying by hand.
package misbehave

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fault answers a request in the place of a registry, which it may ask.
type Fault func(w http.ResponseWriter, r *http.Request, registry http.Handler)

// Rule lets a fault happen.
type Rule struct {
	// Method is that of the requests; empty for all.
	Method string
	// Path is in the path of the requests.
	Path string
	// Times is how often it happens; 0 for always.
	Times int32
	// Fault is what happens.
	Fault Fault

	seen atomic.Int32
}

// Happened is how often the rule was used.
func (r *Rule) Happened() int { return int(r.seen.Load()) }

// matches reports whether the rule is about a request, and counts.
func (r *Rule) matches(req *http.Request) bool {
	if r.Method != "" && r.Method != req.Method || !strings.Contains(req.URL.Path, r.Path) {
		return false
	}
	for {
		n := r.seen.Load()
		if r.Times > 0 && n >= r.Times {
			return false
		}
		if r.seen.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Wrap puts rules before a registry. The first that matches counts.
func Wrap(registry http.Handler, rules ...*Rule) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		for _, r := range rules {
			if r.matches(req) {
				r.Fault(w, req, registry)
				return
			}
		}
		registry.ServeHTTP(w, req)
	})
}

// Answer gives a status, and perhaps headers as "Name: value".
func Answer(status int, headers ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":"UNKNOWN","message":"it is a bad day"}]}`)
	}
}

// Drop breaks the connection after n bytes of the answer.
func Drop(n int64) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		d := &dropping{ResponseWriter: w, left: n}
		registry.ServeHTTP(d, r)
		d.end()
	}
}

type dropping struct {
	http.ResponseWriter
	left   int64
	broken bool
}

func (d *dropping) end() {
	if !d.broken {
		d.broken = true
		breakConnection(d.ResponseWriter)
	}
}

// Write passes on what is left.
func (d *dropping) Write(p []byte) (int, error) {
	if int64(len(p)) <= d.left {
		d.left -= int64(len(p))
		return d.ResponseWriter.Write(p)
	}
	n := 0
	if !d.broken {
		n, _ = d.ResponseWriter.Write(p[:d.left])
	}
	d.left = 0
	d.end()
	return n, io.ErrClosedPipe
}

// breakConnection sends what there is and breaks the connection.
func breakConnection(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush() // what was written
	hangUp(w)
}

// hangUp closes the connection as it is.
func hangUp(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	if conn, _, err := control.Hijack(); err == nil {
		_ = conn.Close()
	}
}

// HangUp breaks the connection without an answer; the registry is not asked.
func HangUp() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { hangUp(w) }
}

// Promise begins an answer that says that all is well, and breaks the connection; the
// registry is not asked.
func Promise() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { breakConnection(w) }
}

// Flip changes one bit of the answer, in the middle.
func Flip() Fault {
	return changed(func(body []byte) []byte {
		body[len(body)/2] ^= 1
		return body
	})
}

// Truncate leaves out the second half of the answer, and says nothing about it.
func Truncate() Fault {
	return changed(func(body []byte) []byte { return body[:len(body)/2] })
}

// changed gives another body.
func changed(change func([]byte) []byte) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		got := &captured{header: http.Header{}, status: http.StatusOK}
		registry.ServeHTTP(got, r)
		body := got.body.Bytes()
		if len(body) > 0 {
			body = change(body)
		}
		for key, values := range got.header {
			w.Header()[key] = values
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(got.status)
		_, _ = w.Write(body)
	}
}

// captured keeps an answer.
type captured struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the answer's headers.
func (c *captured) Header() http.Header { return c.header }

// WriteHeader keeps the status.
func (c *captured) WriteHeader(status int) { c.status = status }

// Write keeps the body.
func (c *captured) Write(p []byte) (int, error) { return c.body.Write(p) }

// Slow waits before each piece of the answer.
func Slow(pause time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		registry.ServeHTTP(&slow{w, pause}, r)
	}
}

type slow struct {
	http.ResponseWriter
	pause time.Duration
}

// Write waits and writes.
func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(s.pause)
	n, err := s.ResponseWriter.Write(p)
	_ = http.NewResponseController(s.ResponseWriter).Flush()
	return n, err
}

// Redirect sends the client to the same path of another address,
// "http://host:port".
func Redirect(to string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, to+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}
}

// Uploads makes connections break while a blob is sent, in a way that lets the
// client go on: the registry has the bytes so far, and knows it.
type Uploads struct {
	mu     sync.Mutex
	states map[string]string
}

// Cut is a fault for PATCH: it takes n bytes of the blob, then the connection
// breaks.
func (u *Uploads) Cut(n int64) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		part := r.Clone(r.Context())
		var head bytes.Buffer
		_, _ = io.CopyN(&head, r.Body, n)
		part.Body, part.ContentLength = io.NopCloser(&head), int64(head.Len())
		got := &captured{header: http.Header{}}
		registry.ServeHTTP(got, part)
		u.note(r.URL.Path, got.header.Get("Location"))
		breakConnection(w)
	}
}

// note keeps what the registry wants to be told next of an upload.
func (u *Uploads) note(path, location string) {
	at, err := url.Parse(location)
	if err != nil || location == "" {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.states == nil {
		u.states = map[string]string{}
	}
	u.states[path] = at.Query().Get("_state")
}

// Wrap gives the registry its own state back when a client asks for an upload
// that was cut: the client never saw it.
func (u *Uploads) Wrap(registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		state, ok := u.states[r.URL.Path]
		delete(u.states, r.URL.Path)
		u.mu.Unlock()
		if ok {
			query := r.URL.Query()
			query.Set("_state", state)
			r.URL.RawQuery = query.Encode()
		}
		registry.ServeHTTP(w, r)
	})
}

// Repeat gives the answer twice, one behind the other, and says so.
func Repeat() Fault {
	return changed(func(body []byte) []byte { return append(body, body...) })
}

// Page answers everything with a text, as the portals of hotels do.
func Page(text string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = io.WriteString(w, text)
	}
}

// Circle sends clients back to where they are.
func Circle() Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Location", r.URL.RequestURI())
		w.WriteHeader(http.StatusFound)
	}
}
