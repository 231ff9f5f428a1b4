// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// SyntaxImage is the image that a build file's syntax line names, as a lock has it; empty
// without such a line, or if that gives a digest. No image is made from it.
func SyntaxImage(buildFile []byte) string {
	ref, _, _, ok := parser.DetectSyntax(buildFile)
	if !ok {
		return ""
	}
	name, _ := lock.ImageName(ref)
	return name
}

// lockOwnImage locks the image of the syntax line. The command line needs none, and so a
// registry that doesn't give it is no reason to write no lock.
func (w *lockWriter) lockOwnImage(ctx context.Context) {
	name := SyntaxImage(w.request.buildFile)
	if name == "" || w.pinner == nil || w.asIs && w.old.Image(name) == nil {
		return
	}
	of, err := w.request.finder.Digest(ctx, name)
	if err != nil {
		w.request.warnings.say(ctx, fmt.Sprintf("the image of the syntax line is not locked: look up %s: %v", name, err))
		return
	}
	w.storeSources(lock.Sources{Images: []lock.Image{{Name: name, Digest: of.String()}}})
}

// checkOwnImage compares the image that this frontend runs in with the lock, where it is
// the one of the syntax line.
func checkOwnImage(ctx context.Context, r *request, s *spec.Spec, file *lock.File) error {
	name := SyntaxImage(r.buildFile)
	if name == "" || file.Image(name) == nil {
		return nil
	}
	has := file.Image(name).Digest
	is, of, err := r.daemon.OwnImage(ctx)
	if err != nil || is != name || of.String() == has {
		return err
	}
	at := spec.Pos{Line: 1, Column: 1}
	const text = "this build file is read by %s as %s, and %s has %s"
	hint := fmt.Sprintf("give the digest in the syntax line, or run \"strata lock --update %s\"", name)
	if r.strict {
		return s.Errorf(at, "%w: "+text, strategy.ErrStaleLock, name, of, r.lockName(), has).WithHint(hint)
	}
	e := s.Errorf(at, text, name, of, r.lockName(), has).WithHint(hint)
	e.Rule = strategy.RuleUnlockedSource
	r.warnings.at(ctx)(e)
	return nil
}
