// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"path"
	"strings"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// reader reads strings of the build file, for one platform.
type reader struct {
	file *spec.Spec
	vars spec.Vars
	// accounts are those of the target; nil for none.
	accounts *plan.Accounts
}

// errorf is a fault of the build file.
func (r reader) errorf(pos spec.Pos, format string, args ...any) *spec.Error {
	return r.file.Errorf(pos, format, args...)
}

// expand returns a string with its names replaced; a string that isn't set is
// empty.
func (r reader) expand(s spec.String) (string, error) { return r.expandWith(r.vars, s) }

func (r reader) expandWith(v spec.Vars, s spec.String) (string, error) {
	if !s.IsSet() {
		return "", nil
	}
	return v.Expand(s)
}

// word expands one of a few words, and reads it: a value that an argument gives is no
// better than one in the build file.
func (r reader) word(s spec.String, parse func(string) (string, error)) (string, error) {
	text, err := r.expand(s)
	if err != nil || !s.IsSet() {
		return "", err
	}
	if text, err = parse(text); err != nil {
		return "", r.errorf(s.Pos, "%w", err)
	}
	return text, nil
}

func (r reader) expandAll(ss []spec.String) ([]string, error) {
	if ss == nil {
		return nil, nil
	}
	out := make([]string, 0, len(ss))
	for _, s := range ss {
		v, err := r.expand(s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// verbatim returns a string as it was written, for this platform.
func (r reader) verbatim(s spec.String) (string, error) {
	if !s.IsSet() {
		return "", nil
	}
	return r.vars.Choose(s)
}

func (r reader) verbatimAll(ss []spec.String) ([]string, error) {
	if ss == nil {
		return nil, nil
	}
	out := make([]string, 0, len(ss))
	for _, s := range ss {
		v, err := r.verbatim(s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// mode reads permission bits; nil when the build file leaves them out.
func (r reader) mode(s spec.String) (*plan.Mode, error) {
	text, err := r.expand(s)
	if err != nil || !s.IsSet() {
		return nil, err
	}
	mode, err := spec.ParseMode(text)
	if err != nil {
		return nil, r.errorf(s.Pos, "%w", err)
	}
	m := plan.Mode(mode)
	return &m, nil
}

// modeChange reads permission bits, or a change of those that a file has.
func (r reader) modeChange(s spec.String) (*plan.Mode, string, error) {
	text, err := r.expand(s)
	if err != nil || !s.IsSet() {
		return nil, "", err
	}
	bits, change, err := spec.ParseModeChange(text)
	if err != nil {
		return nil, "", r.errorf(s.Pos, "%w", err)
	}
	if change != "" {
		return nil, change, nil
	}
	m := plan.Mode(bits)
	return &m, "", nil
}

// owner reads an owner; nil when the build file leaves it out.
func (r reader) owner(s spec.String) (*plan.Owner, error) {
	text, err := r.expand(s)
	if err != nil || text == "" { // an argument that isn't given names no owner
		return nil, err
	}
	owner, err := spec.ParseOwnership(text)
	if err != nil {
		return nil, r.errorf(s.Pos, "%w", err)
	}
	return new(numbered(r.accounts, plan.Owner{User: owner.User, Group: owner.Group})), nil
}

// dest reads a path in the image; into says that it ends in a slash.
func (r reader) dest(s spec.String) (p string, into bool, err error) {
	text, err := r.expand(s)
	if err != nil {
		return "", false, err
	}
	p, err = spec.CleanDest(text)
	if err != nil {
		return "", false, r.errorf(s.Pos, "%w", err)
	}
	into = strings.HasSuffix(p, "/")
	if p = strings.TrimSuffix(p, "/"); p == "" {
		p = "/"
	}
	return p, into, nil
}

// source reads a path in a tree and makes it absolute there; one that isn't set
// is the root.
func (r reader) source(s spec.String) (string, error) {
	text, err := r.expand(s)
	if err != nil || !s.IsSet() {
		return "/", err
	}
	p, err := spec.CleanSource(text)
	if err != nil {
		return "", r.errorf(s.Pos, "%w", err)
	}
	return path.Join("/", p), nil
}
