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

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// warnings tell the user of something odd, once: platforms and targets often have
// the same to say.
type warnings struct {
	file   *dockerui.Source
	config lint.Config
	mu     sync.Mutex
	said   map[string]bool
	// rules are those that a warning was of.
	rules map[string]bool
}

func newWarnings(file *dockerui.Source, c lint.Config) *warnings {
	return &warnings{file: file, config: c, said: map[string]bool{}, rules: map[string]bool{}}
}

// at gives the function that warns of a place in the build file.
func (w *warnings) at(ctx context.Context) func(*spec.Error) {
	return func(e *spec.Error) {
		if w.config.Skips(e.Rule) {
			return
		}
		o := client.WarnOpts{Level: 1}
		if e.Range.Start.Line > 0 {
			o.Range = []*pb.Range{fault.Lines(e.Range)}
		}
		message := e.Error()
		if e.Rule != "" {
			k := lint.Find(e.Rule)
			o.Detail, o.URL = [][]byte{[]byte(k.Description)}, k.URL()
			message = e.Rule + ": " + message
			w.mu.Lock()
			w.rules[e.Rule] = true
			w.mu.Unlock()
		}
		w.send(ctx, message, o)
	}
}

// say sends a warning that is of no rule, if it wasn't sent yet.
func (w *warnings) say(ctx context.Context, message string, lines ...*pb.Range) {
	w.send(ctx, message, client.WarnOpts{Level: 1, Range: lines})
}

func (w *warnings) send(ctx context.Context, message string, o client.WarnOpts) {
	message = printable.Line(message)
	w.mu.Lock()
	said := w.said[message]
	w.said[message] = true
	w.mu.Unlock()
	if !said {
		w.file.Warn(ctx, message, o)
	}
}

// violated is an error if there were findings and the build file, or the request, says
// that they are errors.
func (w *warnings) violated() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.config.Error || len(w.rules) == 0 {
		return nil
	}
	return fmt.Errorf("lint violation found for rules: %s", strings.Join(slices.Sorted(maps.Keys(w.rules)), ", "))
}

// empty warns of commands that left nothing in $out.
func (w *warnings) empty(ctx context.Context, s *spec.Spec, made *llb.Result, isEmpty func(bk.State) bool) {
	none := make([]bool, len(made.Shipped))
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	for i, shipped := range made.Shipped {
		group.Go(func() error { none[i] = isEmpty(shipped.State); return nil })
	}
	_ = group.Wait() // none fails
	for i, shipped := range made.Shipped {
		if none[i] {
			e := s.ErrorfRange(shipped.Layer.Range, "the layer %q is empty: its command left nothing in $out", shipped.Layer.Short()).
				WithHint("what is to ship must be below the directory that $out names")
			e.Rule = strategy.RuleOut
			w.at(ctx)(e)
		}
	}
}
