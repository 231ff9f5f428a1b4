// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// ErrStaleLock says that the lock doesn't have what the build file asks for.
var ErrStaleLock = errors.New("the lock is not up to date")

// Locking says how packages are looked up and kept.
type Locking struct {
	// File is the lock; nil when there is none.
	File *lock.File
	// Name is the lock's file name, for messages.
	Name string
	// Renew resolves what the lock doesn't have instead of refusing it, and Update
	// resolves these packages anew, all of them when it has the name "*".
	Renew  bool
	Update []string
	// Store is given what was resolved; nil drops it.
	Store func(target string, p lock.Platform, repositories []lock.Repository)
}

// lockedOrResolved takes the packages from the lock. Without one, or when the
// lock is being written, it resolves them.
func (t *Target) lockedOrResolved(ctx context.Context, set *packageSet) error {
	var have *lock.Packages
	if p := t.Lock.File.Platform(t.spec.Name, t.image.Platform); p != nil {
		have = p.Packages
	}
	if have != nil {
		stale := t.compare(set, have)
		if stale == nil && len(t.Lock.Update) == 0 {
			set.locked = have
			return t.lockedRepositories(set)
		}
		if stale != nil && !t.Lock.Renew {
			return stale
		}
	}
	if t.AllowMissing {
		set.locked = &lock.Packages{Installer: plan.Register}
		return nil
	}
	return t.resolvePackages(ctx, set, have)
}

// unlocked says that the build goes without the lock, or refuses to.
func (t *Target) unlocked(set *packageSet) error {
	at := set.entries[0].layer.Packages.Range
	switch {
	case t.Lock.Renew:
		return nil
	case t.Lock.File != nil:
		return t.stale(at.Start, "%s has no packages of target %s for %s", t.Lock.Name, t.spec.Name, t.image.Platform)
	}
	t.Warn(t.Spec.ErrorfRange(at, "packages are not locked: this build takes what the archives have today; run \"strata lock\" and keep %s", t.Lock.Name))
	return nil
}

// compare says in what the build file differs from the lock.
func (t *Target) compare(set *packageSet, have *lock.Packages) error {
	name := t.Lock.Name
	start := set.entries[0].layer.Packages.Range.Start
	wanted := set.wanted()
	for i, names := range wanted {
		for _, n := range names {
			if i >= len(have.Wanted) || !slices.Contains(have.Wanted[i], n) {
				return t.stale(set.pos(n), "%s does not have %s in this layer", name, n)
			}
		}
	}
	for i, names := range have.Wanted {
		for _, n := range names {
			if i >= len(wanted) || !slices.Contains(wanted[i], n) {
				return t.stale(start, "%s still has %s, which the build file does not ask for", name, n)
			}
		}
	}
	if set.recommends() != have.Recommends {
		return t.stale(start, "%s was written with other `recommends`", name)
	}
	if is, was := t.baseName(), withoutDigest(have.Base); is != was {
		return t.stale(t.spec.From.Pos, "%s was written for the base %s", name, orScratch(was))
	}
	return nil
}

func (t *Target) stale(pos spec.Pos, format string, args ...any) error {
	if pos.IsZero() {
		pos = t.spec.Range.Start
	}
	err := t.Spec.Errorf(pos, "%w: %s", ErrStaleLock, fmt.Sprintf(format, args...))
	return err.WithHint("run \"strata lock\", or build the target strata.lock")
}

// basePin is what the lock calls the base: its short name and its digest.
func (t *Target) basePin() string {
	from := t.image.From
	switch from.Kind {
	case plan.Scratch:
		return ""
	case plan.Registry:
		if ref, err := reference.ParseNormalizedNamed(from.Name); err == nil {
			return reference.FamiliarString(ref)
		}
		return from.Name
	default:
		return string(from.Kind) + ":" + from.Name
	}
}

// baseName is the base without its digest.
func (t *Target) baseName() string { return withoutDigest(t.basePin()) }

func withoutDigest(pin string) string {
	name, _, _ := strings.Cut(pin, "@")
	return name
}

func orScratch(name string) string {
	if name == "" {
		return "scratch"
	}
	return name
}

// lockedRepositories finds the addresses of what the lock names.
func (t *Target) lockedRepositories(set *packageSet) error {
	given, err := t.givenURIs(set)
	if err != nil {
		return err
	}
	set.uris = map[string][]string{}
	for _, p := range set.locked.Packages {
		if set.uris[p.Repository] != nil {
			continue
		}
		r := t.Lock.File.Repository(p.Repository)
		uris := r.URIs
		if given[r.ID] != nil {
			uris = given[r.ID]
		}
		if len(uris) == 0 {
			return t.stale(set.entries[0].layer.Packages.Range.Start, "%s has packages of the repository %s, which the build file no longer has", t.Lock.Name, r.ID)
		}
		set.uris[r.ID] = withSnapshots(uris, r.Date)
	}
	return nil
}

// givenURIs are the addresses that the build file gives, by the ids of their
// repositories.
func (t *Target) givenURIs(set *packageSet) (map[string][]string, error) {
	out := map[string][]string{}
	if set.format() == plan.APK {
		given, err := t.givenAPKs(set)
		for _, r := range given {
			out[r.id] = r.uris
		}
		return out, err
	}
	given, err := t.givenArchives(set, nil)
	for _, a := range given {
		out[a.id] = a.uris
	}
	return out, err
}
