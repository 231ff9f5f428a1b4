// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"sync"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/spec"
)

// warnings tell the user of something odd, once: platforms and targets often have
// the same to say.
type warnings struct {
	file *dockerui.Source
	mu   sync.Mutex
	said map[string]bool
}

func newWarnings(file *dockerui.Source) *warnings {
	return &warnings{file: file, said: map[string]bool{}}
}

// at gives the function that warns of a place in the build file.
func (w *warnings) at(ctx context.Context) func(*spec.Error) {
	return func(e *spec.Error) {
		var lines []*pb.Range
		if e.Range.Start.Line > 0 {
			lines = append(lines, fault.Lines(e.Range))
		}
		w.say(ctx, e.Error(), lines...)
	}
}

// say sends a warning, if it wasn't sent yet.
func (w *warnings) say(ctx context.Context, message string, lines ...*pb.Range) {
	message = printable.Line(message)
	w.mu.Lock()
	said := w.said[message]
	w.said[message] = true
	w.mu.Unlock()
	if !said {
		w.file.Warn(ctx, message, client.WarnOpts{Level: 1, Range: lines})
	}
}
