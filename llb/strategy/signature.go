// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/strata-build/strata/internal/signature"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// SignatureChecker checks signatures while a lock is written, so that nothing is locked
// that isn't signed.
type SignatureChecker interface {
	// CheckSignature fetches a file and holds it to its key, as keys are today.
	CheckSignature(ctx context.Context, f *plan.HTTP) error
}

// signing reads how an entry is held to a key.
type signing struct{ t *Target }

// signature is how what an entry fetches is held to a key; nil where it isn't.
func (s signing) signature(ctx context.Context, f *spec.File) (*plan.Signature, error) {
	asked := f.Signature
	if asked == nil {
		return nil, nil //nolint:nilnil // nothing is said
	}
	out := &plan.Signature{Pos: asked.Range.Start, KeyPos: asked.Key.Pos}
	var err error
	if out.Key, out.KeyText, err = s.contextFile(ctx, asked.Key); err != nil {
		return nil, err
	}
	if err := s.checkKey(f, out); err != nil {
		return nil, s.t.read.errorf(asked.Key.Pos, "read the key %s: %w", out.Key, err)
	}
	if asked.Source.IsSet() {
		if out.Source, out.Text, err = s.contextFile(ctx, asked.Source); err != nil {
			return nil, err
		}
	}
	if asked.URL.IsSet() {
		if out.HTTP, err = planHTTP(ctx, s.t, &spec.File{URL: asked.URL}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkKey refuses keys that can't check anything, as far as they were read.
func (signing) checkKey(f *spec.File, s *plan.Signature) error {
	if s.KeyText == "" {
		return nil
	}
	if f.Git.IsSet() {
		text, err := signature.ForGit([]byte(s.KeyText))
		s.KeyText = string(text)
		return err
	}
	key, err := signature.ParseKey([]byte(s.KeyText))
	if err == nil && key.Kind == signature.SSH {
		err = errors.New("it is a key of SSH, by which only commits and tags of git are signed")
	}
	return err
}

// contextFile reads a small file of the build context. Nothing can be read for requests
// that only look at the build file.
func (s signing) contextFile(ctx context.Context, name spec.String) (at, text string, err error) {
	if at, err = s.t.read.source(name); err != nil {
		return "", "", err
	}
	short := strings.TrimPrefix(at, "/")
	looker := s.t.pass.req.Looker
	if looker == nil || s.t.pass.req.AllowMissing {
		return short, "", nil
	}
	in, err := looker.Look(ctx, s.t.pass.plan, plan.Tree{Kind: plan.Main, Pos: name.Pos}, plan.Sent(short))
	if err != nil {
		return "", "", s.t.pass.outside(name.Pos, "read %s: %w", short, err)
	}
	data, err := in.ReadFile(ctx, at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fault := s.t.read.errorf(name.Pos, "there is no %q in the build context", short)
		if near := s.t.pass.req.Near; near != nil {
			fault = fault.WithHint(near(ctx, plan.Copy{From: plan.Tree{Kind: plan.Main}, Path: at, Pos: name.Pos}))
		}
		return "", "", fault
	case err != nil:
		return "", "", s.t.pass.outside(name.Pos, "read %s: %w", short, err)
	case len(data) > signature.MaxSize:
		return "", "", s.t.read.errorf(name.Pos, "read %s: %w", short, fmt.Errorf("it has more than %d bytes", signature.MaxSize))
	case len(data) == 0:
		return "", "", s.t.read.errorf(name.Pos, "%s is empty", short)
	}
	return short, string(data), nil
}

// checkLocked checks the signature of a file that a lock is written for.
func (s signing) checkLocked(ctx context.Context, f *plan.HTTP) error {
	l, checker := &s.t.pass.req.Lock, s.t.pass.req.Signatures
	if f.Signature == nil || l.Pinner == nil || checker == nil {
		return nil
	}
	err := checker.CheckSignature(ctx, f)
	if err != nil && s.pinAfresh(ctx, f) {
		err = checker.CheckSignature(ctx, f)
	}
	if err != nil {
		return s.t.pass.outside(f.Signature.Pos, "check the signature of %s: %w", withoutLogin(f.URL), err)
	}
	return nil
}

// pinAfresh locks a file and its signature as they are when they are fetched once more,
// unless the build file says what they are, and reports whether they are others then: BuildKit
// may have them from an earlier build, when they came wrong.
func (s signing) pinAfresh(ctx context.Context, f *plan.HTTP) bool {
	changed := false
	for _, one := range []*plan.HTTP{f, f.Signature.HTTP} {
		if one == nil || one.Lock == "" {
			continue
		}
		before := one.Checksum
		one.Afresh = s.t.pass.req.Lock.Pinner.Afresh(one.URL)
		if err := s.t.pass.pinURL(ctx, one); err != nil {
			return false // the failure before says more
		}
		changed = changed || one.Checksum != before
	}
	return changed
}
