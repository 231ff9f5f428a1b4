// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/llb/plan"
)

// interpreterFault says that the program isn't there which the first line of a script
// names; nil for other errors, and where it isn't known what is there. The kernel says of
// it that the script isn't there, and runtimes pass that on.
func (e *Explainer) interpreterFault(ctx context.Context, err error) error {
	if !strings.Contains(err.Error(), "did not complete successfully") {
		return nil
	}
	exec, layer := findScript(e.Plan, errdefs.Sources(err))
	if exec == nil {
		return nil
	}
	program := interpreter(exec.Script)
	list := e.World.List(ctx, exec.From, false)
	if list == nil || program == "" || list.has(strings.TrimPrefix(program, "/")) {
		return nil
	}
	return e.external(layer.Range.Start, "the script's first line names %s, which isn't in %s", program, exec.From.Words())
}

// interpreter is the program that the first line of a script names; empty if it names none
// by its whole path.
func interpreter(script string) string {
	line, _, _ := strings.Cut(script, "\n")
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if len(words) == 0 || !strings.HasPrefix(words[0], "/") {
		return ""
	}
	return words[0]
}

// findScript finds the only script with a first line of its own within lines; nil when
// there are others.
func findScript(p *plan.Plan, lines []*errdefs.Source) (exec *plan.Exec, layer *plan.Layer) {
	for _, img := range p.Images {
		for i := range img.Layers {
			l := &img.Layers[i]
			found, ok := l.Action.(*plan.Exec)
			if !ok || found.Script == "" || !covers(lines, l.Range.Start.Line) {
				continue
			}
			if exec != nil {
				return nil, nil
			}
			exec, layer = found, l
		}
	}
	return exec, layer
}
