// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// nameKey is where a definition has the names of its steps.
const nameKey = "llb.customname"

// Steps are the steps of a build as its definitions and its status tell of them.
// The zero value is ready to use, and safe for concurrent use.
type Steps struct {
	mu  sync.Mutex
	all map[digest.Digest]*step
}

// step is one vertex of the graph.
type step struct {
	// names are several when definitions share the step: the status has the one of
	// the definition that came first.
	names  []string
	inputs []digest.Digest
	// ran says that it was not found in the cache.
	ran bool
	// spans are when it was worked on, by their starts.
	spans map[time.Time]time.Time
}

// get finds a step, or makes it; the lock is held.
func (s *Steps) get(d digest.Digest) *step {
	if s.all == nil {
		s.all = map[digest.Digest]*step{}
	}
	st := s.all[d]
	if st == nil {
		st = &step{spans: map[time.Time]time.Time{}}
		s.all[d] = st
	}
	return st
}

func (st *step) call(name string) {
	if name != "" && !slices.Contains(st.names, name) {
		st.names = append(st.names, name)
	}
}

// Define takes the names from a definition.
func (s *Steps) Define(def *pb.Definition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for d, meta := range def.GetMetadata() {
		s.get(digest.Digest(d)).call(meta.GetDescription()[nameKey])
	}
}

// Note takes in a part of the status. What comes again counts once.
func (s *Steps) Note(status *client.SolveStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range status.Vertexes {
		st := s.get(v.Digest)
		st.call(v.Name)
		st.inputs = v.Inputs
		if v.Started == nil || v.Completed == nil {
			continue
		}
		st.spans[*v.Started] = *v.Completed
		st.ran = st.ran || !v.Cached
	}
}

// of are the steps with one of these names and those that only they need: what is
// fetched or written for them. inside is how the names of such steps may begin
// when they begin with a bracket.
func (s *Steps) of(names []string, inside string) (main, all []*step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[*step]bool{}
	var visit func(st *step)
	visit = func(st *step) {
		if seen[st] {
			return
		}
		seen[st] = true
		all = append(all, st)
		for _, d := range st.inputs {
			if in := s.all[d]; in != nil && in.isHelper(inside) {
				visit(in)
			}
		}
	}
	for _, st := range s.all {
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(st.names, name) }) {
			main = append(main, st)
			visit(st)
		}
	}
	return main, all
}

// isHelper tells a step that belongs to one layer from those of other layers, of
// the base and of the contexts, and from what joins layers.
func (st *step) isHelper(inside string) bool {
	return slices.ContainsFunc(st.names, func(name string) bool {
		rest := strings.TrimPrefix(name, inside)
		return !strings.HasPrefix(rest, "[") && !strings.HasPrefix(rest, "merge the ")
	})
}

// took is how long at least one of the steps was worked on.
func took(steps []*step) time.Duration {
	type span struct{ from, to time.Time }
	var spans []span
	for _, st := range steps {
		for from, to := range st.spans {
			spans = append(spans, span{from, to})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	var sum time.Duration
	var end time.Time
	for _, sp := range spans {
		if sp.from.Before(end) {
			sp.from = end
		}
		if sp.to.After(sp.from) {
			sum += sp.to.Sub(sp.from)
			end = sp.to
		}
	}
	return sum
}
