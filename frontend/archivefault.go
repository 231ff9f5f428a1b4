// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"slices"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// addressError is a failure to fetch something, with its address, which
// BuildKit's message leaves out.
type addressError struct {
	url string
	err error
}

func (e *addressError) Error() string { return e.err.Error() }
func (e *addressError) Unwrap() error { return e.err }

// withAddress finds the operation that failed in its definition.
func withAddress(err error, def *bk.Definition) error {
	var vertex *errdefs.VertexError
	if err == nil || !errors.As(err, &vertex) {
		return err
	}
	for _, data := range def.Def {
		if digest.FromBytes(data).String() != vertex.Digest {
			continue
		}
		var op pb.Op
		if op.UnmarshalVT(data) != nil || op.GetSource() == nil {
			return err
		}
		return &addressError{url: op.GetSource().GetIdentifier(), err: err}
	}
	return err
}

// archiveFault says which package or store path could not be fetched; nil for
// other errors.
func (r *request) archiveFault(ctx context.Context, err error, p *plan.Plan) error {
	var at *addressError
	url := ""
	if errors.As(err, &at) {
		url = at.url
	}
	text := err.Error()
	_, sums, mismatch := strings.Cut(text, "digest mismatch ")
	got, wanted, _ := strings.Cut(sums, ": ")
	_, status, answered := strings.Cut(text, "invalid response status ")
	archives := p.Archives()
	if mismatch && slices.ContainsFunc(archives, func(a plan.Archive) bool { return a.URLs[0] == url }) {
		status = r.answered(ctx, url)
		answered = status != ""
		mismatch = !answered
	}
	for _, a := range archives {
		name := strings.TrimSpace(a.Name + " " + a.Version)
		switch {
		case mismatch && strings.HasPrefix(wanted, a.Digest):
			return r.told(a.Pos, "fetch %s from %s: it is not what it should be: it has %s, and not %s", name, a.URLs[0], got, a.Digest)
		case url == "" || a.URLs[0] != url:
		case answered && strings.HasPrefix(status, "404"):
			return r.told(a.Pos, "fetch %s: %s does not have it any more; run \"strata lock --update\", or give a mirror that keeps it", name, url)
		case answered:
			return r.told(a.Pos, "fetch %s: %s answers with status %s", name, url, status)
		case isFetchFailure(err):
			return r.told(a.Pos, "fetch %s from %s: %w", name, url, at.err)
		}
	}
	return nil
}

// told is an error at a line that is no fault of the line.
func (r *request) told(pos spec.Pos, format string, args ...any) error {
	fault := r.spec.Errorf(pos, format, args...)
	fault.External = true
	return fault
}
