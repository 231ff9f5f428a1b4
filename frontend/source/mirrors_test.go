// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
)

// TestMirrors chooses what is looked for elsewhere: one archive that a server lacks,
// all of a server that isn't there or lacks too much, all where it isn't known which.
func TestMirrors(t *testing.T) {
	all := []string{"http://a/1", "http://a/2", "http://b/1"}
	const gone, broken = "invalid response status 404", "dial tcp: refused"
	for _, tc := range []struct {
		name, text, url string
		times           int
		want            []string
	}{
		{"lacks one", gone, "http://a/1", 1, []string{"http://a/1"}},
		{"lacks as many as it may", gone, "http://a/1", patience, []string{"http://a/1"}},
		{"lacks too much", gone, "http://a/1", patience + 1, []string{"http://a/1", "http://a/2"}},
		{"is not there", broken, "http://a/1", 1, []string{"http://a/1", "http://a/2"}},
		{"unknown", broken, "", 1, all},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := mirrors{}
			var choose func(string) bool
			for range tc.times {
				choose = m.choose(fault.AsFetch(fault.OfAddress(errors.New(tc.text), tc.url)))
			}
			got := slices.DeleteFunc(slices.Clone(all), func(url string) bool { return !choose(url) })
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("chosen (-want +got):\n%s", diff)
			}
		})
	}
}

// TestElsewhere moves a package to its next mirror until there is none.
func TestElsewhere(t *testing.T) {
	archives := []plan.Archive{{Name: "x", URLs: []string{"http://a/x", "http://b/x"}}}
	p := &plan.Plan{Images: []*plan.Image{{Layers: []plan.Layer{{Action: &plan.Unpack{Archives: archives}}}}}}
	e := NewElsewhere(&Daemon{})
	if e.Next(t.Context(), p, errors.New("the disk is full")) {
		t.Error("another mirror for a full disk")
	}
	gone := errors.New("invalid response status 404")
	if !e.Next(t.Context(), p, fault.OfAddress(gone, "http://a/x")) {
		t.Fatal("the second mirror isn't tried")
	}
	if got := p.Archives()[0].URLs[0]; got != "http://b/x" {
		t.Errorf("the address is %s", got)
	}
	if e.Next(t.Context(), p, fault.OfAddress(gone, "http://b/x")) {
		t.Error("there is a third mirror")
	}
}
