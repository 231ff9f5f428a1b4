// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"path"
	"strings"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// expand returns a string with its names replaced; a string that isn't set is
// empty.
func (t *Target) expand(s spec.String) (string, error) { return t.expandWith(t.vars, s) }

func (t *Target) expandWith(v spec.Vars, s spec.String) (string, error) {
	if !s.IsSet() {
		return "", nil
	}
	return v.Expand(s)
}

func (t *Target) expandAll(ss []spec.String) ([]string, error) {
	if ss == nil {
		return nil, nil
	}
	out := make([]string, 0, len(ss))
	for _, s := range ss {
		v, err := t.expand(s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// verbatim returns a string as it was written, for this platform.
func (t *Target) verbatim(s spec.String) (string, error) {
	if !s.IsSet() {
		return "", nil
	}
	return t.vars.Choose(s)
}

func (t *Target) verbatimAll(ss []spec.String) ([]string, error) {
	if ss == nil {
		return nil, nil
	}
	out := make([]string, 0, len(ss))
	for _, s := range ss {
		v, err := t.verbatim(s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// mode reads permission bits; nil when the build file leaves them out.
func (t *Target) mode(s spec.String) (*plan.Mode, error) {
	text, err := t.expand(s)
	if err != nil || !s.IsSet() {
		return nil, err
	}
	mode, err := spec.ParseMode(text)
	if err != nil {
		return nil, t.Spec.Errorf(s.Pos, "%w", err)
	}
	m := plan.Mode(mode)
	return &m, nil
}

// owner reads an owner; nil when the build file leaves it out.
func (t *Target) owner(s spec.String) (*plan.Owner, error) {
	text, err := t.expand(s)
	if err != nil || !s.IsSet() {
		return nil, err
	}
	owner, err := spec.ParseOwner(text)
	if err != nil {
		return nil, t.Spec.Errorf(s.Pos, "%w", err)
	}
	return &plan.Owner{User: owner.User, Group: owner.Group}, nil
}

// dest reads a path in the image; into says that it ends in a slash.
func (t *Target) dest(s spec.String) (p string, into bool, err error) {
	text, err := t.expand(s)
	if err != nil {
		return "", false, err
	}
	p, err = spec.CleanDest(text)
	if err != nil {
		return "", false, t.Spec.Errorf(s.Pos, "%w", err)
	}
	into = strings.HasSuffix(p, "/")
	if p = strings.TrimSuffix(p, "/"); p == "" {
		p = "/"
	}
	return p, into, nil
}

// source reads a path in a tree and makes it absolute there; one that isn't set
// is the root.
func (t *Target) source(s spec.String) (string, error) {
	text, err := t.expand(s)
	if err != nil || !s.IsSet() {
		return "/", err
	}
	p, err := spec.CleanSource(text)
	if err != nil {
		return "", t.Spec.Errorf(s.Pos, "%w", err)
	}
	return path.Join("/", p), nil
}
