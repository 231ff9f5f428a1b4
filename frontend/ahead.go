// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"sync"

	"github.com/strata-build/strata/llb/spec"
)

// readIgnoreFile starts reading the context's ignore file, if the context is
// used, while the bases are looked up: what is read stays in r.ui. The function
// that it returns waits for the end. A failure is not reported here: whoever
// needs the context then reads again.
func (r *request) readIgnoreFile(ctx context.Context) (wait func()) {
	var group sync.WaitGroup
	if usesContext(r.spec) {
		group.Go(func() { _, _ = r.ui.DockerIgnorePatterns(ctx) })
	}
	return group.Wait
}

// usesContext tells whether a build file names something of the build context.
func usesContext(s *spec.Spec) bool {
	for _, t := range s.Targets {
		for _, l := range t.Layers {
			if layerUsesContext(l) {
				return true
			}
		}
	}
	return false
}

func layerUsesContext(l spec.Layer) bool {
	if l.Files != nil {
		for _, f := range l.Files.Entries {
			if f.Source.IsSet() && !f.From.IsSet() {
				return true
			}
		}
	}
	if l.Build != nil {
		for _, m := range l.Build.Mounts {
			if !m.From.IsSet() {
				return true
			}
		}
		return l.Build.Source.IsSet()
	}
	return false
}
