// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
)

// findings are what was found so far: platforms and targets often have the same to say.
type findings struct {
	config lint.Config
	mu     sync.Mutex
	said   map[string]bool
	// rules are those that a finding was of.
	rules map[string]bool
}

func newFindings(c lint.Config) *findings {
	return &findings{config: c, said: map[string]bool{}, rules: map[string]bool{}}
}

// add returns the words of a finding, and whether it is to be shown: it isn't if it was
// before, or if its rule is skipped.
func (f *findings) add(e *spec.Error) (words string, isNew bool) {
	if f.config.Skips(e.Rule) {
		return "", false
	}
	words = e.Error()
	if e.Rule != "" {
		words = e.Rule + ": " + words
		f.mu.Lock()
		f.rules[e.Rule] = true
		f.mu.Unlock()
	}
	return words, f.first(words)
}

// first reports whether something wasn't said before.
func (f *findings) first(words string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	said := f.said[words]
	f.said[words] = true
	return !said
}

// violated is an error if there were findings and the build file, or the request, says
// that they are errors.
func (f *findings) violated() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.config.Error || len(f.rules) == 0 {
		return nil
	}
	return fmt.Errorf("lint violation found for rules: %s", strings.Join(slices.Sorted(maps.Keys(f.rules)), ", "))
}

// warnings tell the user of something odd, once.
type warnings struct {
	*findings
	file *dockerui.Source
}

func newWarnings(file *dockerui.Source, c lint.Config) *warnings {
	return &warnings{findings: newFindings(c), file: file}
}

// at gives the function that warns of a place in the build file.
func (w *warnings) at(ctx context.Context) func(*spec.Error) {
	return func(e *spec.Error) {
		words, isNew := w.add(e)
		if !isNew {
			return
		}
		o := client.WarnOpts{Level: 1}
		if e.Range.Start.Line > 0 {
			o.Range = []*pb.Range{fault.Lines(e.Range)}
		}
		if e.Rule != "" {
			k := lint.Find(e.Rule)
			o.Detail, o.URL = [][]byte{[]byte(k.Description)}, k.URL()
		}
		w.file.Warn(ctx, printable.Line(words), o)
	}
}

// say sends a warning that is of no rule, if it wasn't sent yet.
func (w *warnings) say(ctx context.Context, message string, lines ...*pb.Range) {
	if w.first(message) {
		w.file.Warn(ctx, printable.Line(message), client.WarnOpts{Level: 1, Range: lines})
	}
}
