// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/fetch"
)

// releases reads and verifies what the archives sign.
func (l *loader) releases(ctx context.Context, archives []*archive) error {
	requests := make([]fetch.Request, len(archives))
	for i, a := range archives {
		requests[i] = a.file("InRelease")
	}
	answers := l.fetch.Fetch(ctx, requests)
	for i, a := range archives {
		if err := l.release(ctx, a, answers[i]); err != nil {
			return fmt.Errorf("archive %s: %w", a.id, a.refused(err))
		}
	}
	return nil
}

func (l *loader) release(ctx context.Context, a *archive, in fetch.Answer) error {
	verify := index.VerifyOptions{
		Now: l.now, Signers: a.signers, Trusted: a.trusted, IgnoreDate: a.undated,
		IgnoreValidUntil: a.everValid || a.undated || strings.HasPrefix(a.site(), "snapshot."),
	}
	if l.known != nil {
		if r := l.known(a.id); r != nil && r.Suite == a.suite {
			verify.NotBefore = r.Date
		}
	}
	var keyrings [][]byte
	var err error
	if !a.trusted {
		if keyrings, err = l.keys.of(ctx, a); err != nil {
			return err
		}
	}
	if errors.Is(in.Err, fetch.ErrNotFound) {
		return l.detached(ctx, a, keyrings, verify)
	}
	if in.Err != nil {
		return in.Err
	}
	a.release, err = index.VerifyInRelease(in.Data, keyrings, verify)
	return err
}

// detached reads a Release file whose signature is another file.
func (l *loader) detached(ctx context.Context, a *archive, keyrings [][]byte, verify index.VerifyOptions) (err error) {
	answers := l.fetch.Fetch(ctx, []fetch.Request{a.file("Release"), a.file("Release.gpg")})
	switch missing := errors.Is(answers[0].Err, fetch.ErrNotFound); {
	case missing && a.trusted:
		return nil
	case missing:
		return &unsignedError{"the " + a.described("Release") + " does not have a Release file", answers[0].Err}
	case answers[0].Err != nil:
		return answers[0].Err
	case answers[1].Err != nil && !a.trusted:
		return &unsignedError{"the " + a.described("Release") + " is not signed", answers[1].Err}
	}
	a.release, err = index.VerifyRelease(answers[0].Data, answers[1].Data, keyrings, verify)
	return err
}

// described is what apt calls the archive by one of its files.
func (a *archive) described(file string) string {
	return fmt.Sprintf("repository '%s %s %s'", a.uris[0], a.suite, file)
}

// unsignedError is an archive without a signature, in apt's words.
type unsignedError struct {
	text string
	err  error
}

func (e *unsignedError) Error() string { return e.text }

func (e *unsignedError) Unwrap() error { return e.err }

// refused is a failure to verify an archive, with what would let it be taken.
func (a *archive) refused(err error) error {
	var unsigned *unsignedError
	var without *index.UnsignedError
	var untrusted *index.UntrustedError
	isUnsigned := errors.As(err, &unsigned)
	switch {
	case !isUnsigned && !errors.As(err, &without) && !errors.As(err, &untrusted):
		return err
	case a.configured != nil && a.configured.Trusted:
		return fmt.Errorf("%w; trusted=yes in the sources of an image doesn't count: give the archive in `repositories`, with `trusted: true`", err)
	case isUnsigned:
		return fmt.Errorf("%w; check its address and suite, or say `trusted: true` at the repository to take it as it is", err)
	}
	return err
}

// dir is the archive's directory for its suite.
func (a *archive) dir() string {
	if strings.HasSuffix(a.suite, "/") {
		return path.Clean(a.suite)
	}
	return "dists/" + a.suite
}

// file asks for a file that is there now.
func (a *archive) file(name string) fetch.Request {
	r := a.request(path.Join(a.dir(), name), name)
	r.Limit = maxRelease
	return r
}
