// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/spec"
)

// warnNoCache warns of names to build afresh that are neither a target nor a
// layer.
func (r *request) warnNoCache(ctx context.Context, s *spec.Spec) {
	filter := r.options()["no-cache"]
	if filter == "" {
		return
	}
	if s.UsesDockerfile() {
		return // it may be a stage there
	}
	names := cacheNames(s)
	for name := range strings.SplitSeq(filter, ",") {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			continue
		}
		message := fmt.Sprintf("no target or layer is called %q, so nothing is built afresh for it", name)
		if hint := spell.DidYouMean(name, names); hint != "" {
			message += "; " + hint
		}
		r.warnings.say(ctx, message)
	}
}

// cacheNames are the targets and the layers that have a name.
func cacheNames(s *spec.Spec) []string {
	var names []string
	for i := range s.Targets {
		names = append(names, s.Targets[i].Name)
		for j := range s.Targets[i].Layers {
			if name := s.Targets[i].Layers[j].Name; name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
