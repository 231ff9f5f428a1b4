// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/plan"
)

func at(seconds int64) *time.Time {
	t := time.Unix(seconds, 0)
	return &t
}

// TestSteps adds up the steps of a layer: its own and what only it needs, each
// second once.
func TestSteps(t *testing.T) {
	var s Steps
	s.Note(&client.SolveStatus{Vertexes: []*client.Vertex{
		{Digest: "base", Name: "[base] example.org/base", Started: at(0), Completed: at(100)},
		{Digest: "one", Name: "fetch one", Started: at(10), Completed: at(14)},
		{Digest: "two", Name: "fetch two", Started: at(12), Completed: at(17)},
		{Digest: "other", Name: "[1/2] other", Started: at(100), Completed: at(200)},
		{Digest: "merge", Name: "merge the layers", Inputs: []digest.Digest{"base", "other"}, Started: at(300), Completed: at(400)},
		{Digest: "main", Name: "[2/2] unpack", Inputs: []digest.Digest{"one", "two", "merge"}, Started: at(20)},
	}})
	for range 2 { // what is reported twice counts once
		s.Note(&client.SolveStatus{Vertexes: []*client.Vertex{
			{Digest: "main", Name: "[2/2] unpack", Inputs: []digest.Digest{"one", "two", "merge"}, Started: at(20), Completed: at(21)},
		}})
	}
	cached, seconds := s.sum([]string{"[2/2] unpack"}, "")
	if *cached || *seconds != 8 {
		t.Errorf("cached %t, %v seconds; want false and 8", *cached, *seconds)
	}
}

// TestSharedStep finds a step under the name that a later definition gives it, and
// one that ran although it was found in the cache afterwards.
func TestSharedStep(t *testing.T) {
	var s Steps
	s.Note(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "main", Name: "[linux/arm64 1/1] x", Started: at(1), Completed: at(3)}}})
	s.Note(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "main", Name: "[linux/arm64 1/1] x", Started: at(5), Completed: at(5), Cached: true}}})
	s.Define(&pb.Definition{Metadata: map[string]*pb.OpMetadata{"main": {Description: map[string]string{nameKey: "[linux/amd64 1/1] x"}}}})
	for _, name := range []string{"[linux/arm64 1/1] x", "[linux/amd64 1/1] x"} {
		if cached, seconds := s.sum([]string{name}, ""); *cached || *seconds != 2 {
			t.Errorf("%s: cached %t, %v seconds; want false and 2", name, *cached, *seconds)
		}
	}
	if cached, seconds := s.sum([]string{"unknown"}, ""); !*cached || *seconds != 0 {
		t.Errorf("a step that never ran: cached %t, %v seconds", *cached, *seconds)
	}
}

// TestParts gives the further parts of a layer what its step took.
func TestParts(t *testing.T) {
	img := &plan.Image{Target: "default", Platform: "linux/amd64", Layers: []plan.Layer{
		{Words: "first", Action: &plan.Files{}},
		{Words: "git", Action: &plan.Unpack{Parts: 2}},
	}}
	var s Steps
	s.Note(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "git", Name: "[2/3] git", Started: at(1), Completed: at(3)}}})
	made := New(&plan.Plan{Images: []*plan.Image{img}}, false, &s)
	for i, want := range []float64{0, 2, 2} {
		if l := made.Layers[i]; *l.Seconds != want || *l.Cached != (want == 0) {
			t.Errorf("%s: cached %t, %v seconds; want %v", l.Made, *l.Cached, *l.Seconds, want)
		}
	}
}

// TestHelper tells whose steps are whose.
func TestHelper(t *testing.T) {
	for name, want := range map[string]bool{
		"[linux/arm64 debug] fetch x": true, "fetch x": true, "[linux/amd64 debug] fetch x": false,
		"[linux/arm64 debug] merge the layers": false, "[internal] make directories": false, "[context] x": false,
	} {
		if got := (&step{names: []string{name}}).isHelper("[linux/arm64 debug] "); got != want {
			t.Errorf("isHelper(%q) = %t", name, got)
		}
	}
	if (&step{}).isHelper("") {
		t.Error("a step without a name helps")
	}
}
