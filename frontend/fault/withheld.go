// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb/plan"
)

// withheldFault says which secret or SSH agent a command asks for that the caller
// doesn't give; nil for other failures.
func (e *Explainer) withheldFault(text string, lines []*errdefs.Source) error {
	for _, img := range e.Plan.Images {
		for _, l := range img.Layers {
			run, ok := l.Action.(*plan.Exec)
			if !ok {
				continue
			}
			for _, s := range run.Secrets {
				if covers(lines, s.Pos.Line) && strings.HasSuffix(text, fmt.Sprintf("secret %s: not found", s.ID)) {
					return e.external(s.Pos, "there is no secret %q; give it with --secret id=%s,src=FILE or --secret id=%[2]s,env=VARIABLE", s.ID, s.ID)
				}
			}
			for _, s := range run.SSH {
				if covers(lines, s.Pos.Line) && isWithoutAgent(text, s.ID) {
					return e.external(s.Pos, "there is no SSH agent %q; give it with --ssh %s, or with --ssh %[2]s=SOCKET or a key's file", s.ID, s.ID)
				}
			}
		}
	}
	return nil
}

// isWithoutAgent reports whether BuildKit, or its client, misses an SSH agent.
func isWithoutAgent(text, id string) bool {
	return strings.Contains(text, fmt.Sprintf("no SSH key %q forwarded from the client", id)) ||
		strings.Contains(text, "unset ssh forward key "+id)
}
