// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"slices"
	"sync"

	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/strata-build/strata/llb/spec"
)

// readIgnoreFile starts reading the context's ignore file, if the context is used, while
// the lock is read and the bases are looked up: what is read stays in ui. The function that
// it returns waits for the end. A failure is not reported here: whoever needs the context
// then reads again.
func readIgnoreFile(ctx context.Context, ui *dockerui.Client, s *spec.Spec) (wait func()) {
	var group sync.WaitGroup
	if usesContext(s) {
		group.Go(func() { _, _ = ui.DockerIgnorePatterns(ctx) })
	}
	return group.Wait
}

// usesContext reports whether a build file names something of the build context.
func usesContext(s *spec.Spec) bool {
	return slices.ContainsFunc(s.Targets, func(t spec.Target) bool {
		return slices.ContainsFunc(t.Layers, func(l spec.Layer) bool { return l.Strategy().UsesContext() })
	})
}
