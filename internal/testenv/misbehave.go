// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"net/http"
	"sync"
	"testing"

	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// misbehaving stands right before a registry, behind the recorder.
type misbehaving struct {
	next http.Handler

	mu      sync.Mutex
	uploads misbehave.Uploads
	rules   []*misbehave.Rule
}

// ServeHTTP answers one request by the rules of the moment.
func (m *misbehaving) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	m.mu.Lock()
	rules := m.rules
	m.mu.Unlock()
	misbehave.Wrap(m.uploads.Wrap(m.next), rules...).ServeHTTP(w, req)
}

// Misbehave lets the registry go wrong until the test ends, or until it is called
// again. A fault may be one of Cuts.
func (r *Registry) Misbehave(t testing.TB, rules ...*misbehave.Rule) {
	t.Helper()
	r.faults.mu.Lock()
	r.faults.rules = rules
	r.faults.mu.Unlock()
	t.Cleanup(func() {
		r.faults.mu.Lock()
		defer r.faults.mu.Unlock()
		r.faults.rules = nil
	})
}

// Cuts gives the faults that break uploads.
func (r *Registry) Cuts() *misbehave.Uploads { return &r.faults.uploads }
