// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/llb/spec"
)

// warnNoCache tells of names to build afresh that are neither a target nor a
// layer.
func (r *request) warnNoCache(ctx context.Context) {
	filter := r.client.BuildOpts().Opts["no-cache"]
	if filter == "" {
		return
	}
	if r.spec.UsesDockerfile() {
		return // it may be a stage there
	}
	names := cacheNames(r.spec)
	for name := range strings.SplitSeq(filter, ",") {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			continue
		}
		message := fmt.Sprintf("no target or layer is called %q, so nothing is built afresh for it", name)
		if near := spec.Suggest(name, names); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		r.source.Warn(ctx, message, client.WarnOpts{Level: 1})
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
