// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
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
	checks := make([]check, len(archives))
	for i, a := range archives {
		keyrings, err := l.keyrings(ctx, a)
		if err != nil {
			return fmt.Errorf("archive %s: %w", a.id, a.refused(err))
		}
		checks[i] = check{keyrings, l.verification(a)}
		requests[i] = a.file("InRelease")
		requests[i].Valid = func(data []byte) error {
			_, err := index.VerifyInRelease(data, checks[i].keyrings, checks[i].verify)
			return err
		}
	}
	answers := l.fetch.Fetch(ctx, requests)
	for i, a := range archives {
		if err := l.release(ctx, a, checks[i], answers[i]); err != nil {
			return fmt.Errorf("archive %s: %w", a.id, a.refused(err))
		}
	}
	return nil
}

// check is what an archive's Release is held to.
type check struct {
	keyrings [][]byte
	verify   index.VerifyOptions
}

// keyrings are the keys that may sign an archive; none for one that is trusted.
func (l *loader) keyrings(ctx context.Context, a *archive) ([][]byte, error) {
	if a.trusted {
		return nil, nil
	}
	return l.keys.of(ctx, a)
}

// verification says what an archive's Release must be besides signed.
func (l *loader) verification(a *archive) index.VerifyOptions {
	verify := index.VerifyOptions{
		Now: l.now, Signers: a.signers, Trusted: a.trusted, IgnoreDate: a.undated,
		IgnoreValidUntil: a.everValid || a.undated || strings.HasPrefix(a.site(), "snapshot."),
	}
	if l.known != nil {
		if r := l.known(a.id); r != nil && r.Suite == a.suite {
			verify.NotBefore = r.Date
		}
	}
	return verify
}

func (l *loader) release(ctx context.Context, a *archive, c check, in fetch.Answer) (err error) {
	if errors.Is(in.Err, fetch.ErrNotFound) {
		return l.detached(ctx, a, c)
	}
	if in.Err != nil {
		return in.Err
	}
	a.release, err = index.VerifyInRelease(in.Data, c.keyrings, c.verify)
	return err
}

// detached reads a Release file whose signature is another file. Neither can be told to be
// right without the other, so both are asked for again if they don't fit.
func (l *loader) detached(ctx context.Context, a *archive, c check) (err error) {
	requests := []fetch.Request{a.file("Release"), a.file("Release.gpg")}
	answers := l.fetch.Fetch(ctx, requests)
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
	a.release, err = index.VerifyRelease(answers[0].Data, answers[1].Data, c.keyrings, c.verify)
	if err == nil {
		return nil
	}
	for i := range requests {
		requests[i].Valid = otherThan(answers[i].Data)
	}
	answers = l.fetch.Fetch(ctx, requests)
	if again, failed := index.VerifyRelease(answers[0].Data, answers[1].Data, c.keyrings, c.verify); failed == nil {
		a.release, err = again, nil
	}
	return err
}

// otherThan takes any content but what there is already.
func otherThan(have []byte) func([]byte) error {
	return func(data []byte) error {
		if bytes.Equal(data, have) {
			return errors.New("it is what it was")
		}
		return nil
	}
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
