// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"iter"
	"regexp"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/place"
	"github.com/strata-build/strata/llb/plan"
)

// signatureFault says what is wrong with a signature; nil when the failure is about
// something else.
func (e *Explainer) signatureFault(ctx context.Context, err error) error {
	lines := errdefs.Sources(err)
	if place.IsVerifyStep(err.Error()) {
		for _, entry := range signed(e.Plan, lines) {
			if entry.HTTP == nil || e.Signatures == nil {
				continue
			}
			if said, err := e.Signatures.Signature(ctx, entry.HTTP); err == nil {
				return e.external(entry.HTTP.Signature.Pos, "check the signature of %s: %s", entry.HTTP.URL, said)
			}
		}
	}
	said := OfGitSignature(err)
	if said == "" {
		return nil
	}
	for _, entry := range signed(e.Plan, lines) {
		if entry.Git != nil {
			return e.external(entry.Git.Signature.Pos, "check the signature of %s: %s", entry.Git.URL, said)
		}
	}
	return nil
}

// signed are the entries within lines whose sources must be signed.
func signed(p *plan.Plan, lines []*errdefs.Source) []*plan.Entry {
	var out []*plan.Entry
	for e := range entries(p) {
		switch {
		case e.HTTP != nil && e.HTTP.Signature != nil && covers(lines, e.HTTP.Signature.Pos.Line),
			e.Git != nil && e.Git.Signature != nil && covers(lines, e.Range.Start.Line):
			out = append(out, e)
		}
	}
	return out
}

// entries are those of all files layers.
func entries(p *plan.Plan) iter.Seq[*plan.Entry] {
	return func(yield func(*plan.Entry) bool) {
		for _, img := range p.Images {
			for _, l := range img.Layers {
				files, ok := l.Action.(*plan.Files)
				for i := 0; ok && i < len(files.Entries); i++ {
					if !yield(&files.Entries[i]) {
						return
					}
				}
			}
		}
	}
}

// Unchecked are the files of servers that a step failed on which checks or unpacks them,
// and that were taken as they came; nil for other failures.
func Unchecked(p *plan.Plan, err error) []*plan.HTTP {
	if !place.IsVerifyStep(err.Error()) && !place.IsUnpackStep(err.Error()) {
		return nil
	}
	var out []*plan.HTTP
	lines := errdefs.Sources(err)
	for e := range entries(p) {
		if e.HTTP != nil && (covers(lines, e.Range.Start.Line) || e.HTTP.Signature != nil && covers(lines, e.HTTP.Signature.Pos.Line)) {
			out = append(out, e.HTTP.Unchecked()...)
		}
	}
	return out
}

// gitSignature are BuildKit's sentences about signatures of git.
var gitSignature = regexp.MustCompile(`git object is not signed|signature by [0-9A-F]+: [^\n]*|openpgp: [^\n]*|` +
	`failed to (?:verify|parse|decode|read) (?:ssh|armored|next|pgp)[^\n]*|no (?:valid )?signature[^\n]*|invalid signature format|` +
	`key (?:expired|revoked)[^\n]*|rejecting [^\n]*|signature creation time[^\n]*|RSA key too short[^\n]*|unexpected SSH signature[^\n]*|unsupported SSH signature[^\n]*|` +
	`signed tag required[^\n]*`)

// OfGitSignature is what BuildKit says of a signature of git; empty for other errors.
func OfGitSignature(err error) string {
	if err == nil {
		return ""
	}
	said := gitSignature.FindString(err.Error())
	switch {
	case strings.HasPrefix(said, "git object is not signed"):
		return "neither the tag nor the commit is signed"
	case strings.HasSuffix(said, "signature made by unknown entity"):
		return "it is signed by another key (" + printable.Line(said) + ")"
	}
	return printable.Line(said)
}
