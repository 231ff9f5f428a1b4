// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
)

// An ownership decides who owns what in a layer.
type ownership struct {
	all      owner
	preserve bool
	rules    map[string]*rule
}

type owner struct{ uid, gid int }

// A rule is the owner of a path and all below it.
type rule struct {
	path  string
	owner owner
	used  bool
}

// newOwnership reads the owners that a call names. A rule holds for its path as
// written and for the one sameAs says the base's links lead to.
func newOwnership(c call.Place, sameAs func(string) []string) (*ownership, error) {
	o := &ownership{preserve: c.PreserveOwner, rules: map[string]*rule{}}
	if c.Owner == "" && len(c.Chown) == 0 {
		return o, nil
	}
	var known accounts
	var err error
	if c.Users != "" {
		if known, err = readAccounts(c.Users); err != nil {
			return nil, err
		}
	}
	if c.Owner != "" {
		if o.all, err = known.owner(c.Owner); err != nil {
			return nil, fmt.Errorf("read owner %q: %w", c.Owner, err)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.Chown)) {
		r := &rule{path: rooted(p)}
		if r.owner, err = known.owner(c.Chown[p]); err != nil {
			return nil, fmt.Errorf("read owner of %s: %w", show(r.path), err)
		}
		for _, at := range sameAs(r.path) {
			o.rules[at] = r
		}
	}
	return o, nil
}

// at is the rule for a path, given the one for the directory it is in.
func (o *ownership) at(p string, above *rule) *rule {
	if r := o.rules[p]; r != nil {
		r.used = true
		return r
	}
	return above
}

// of is the owner of a file under a rule, or without one.
func (o *ownership) of(st unix.Stat_t, r *rule) (uid, gid int) {
	switch {
	case r != nil:
		return r.owner.uid, r.owner.gid
	case o.preserve:
		return int(st.Uid), int(st.Gid)
	}
	return o.all.uid, o.all.gid
}

// unused is an error if a rule was for a path the tree doesn't have.
func (o *ownership) unused() error {
	var missing []string
	for _, r := range o.rules {
		if !r.used {
			missing = append(missing, show(r.path))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("change owner of %s: the tree has no such path; correct or remove it", smallest(missing))
}

func smallest(names []string) string {
	first := names[0]
	for _, name := range names {
		first = min(first, name)
	}
	return first
}
