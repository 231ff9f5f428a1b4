// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/strata-build/strata/internal/distro"
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
	// Renew resolves what the lock doesn't have instead of refusing it, and Update looks
	// up again what has these names: packages, images, urls and git addresses, all of a
	// kind (AllImages and its like), or everything for "*".
	Renew  bool
	Update []string
	// Strict refuses what isn't locked instead of warning of it.
	Strict bool
	// Pinner finds what is to be locked; nil when no lock is being written.
	Pinner Pinner
	// Images are the references, with their digests, of the images that a Dockerfile is
	// made of; nil when there are no Dockerfiles.
	Images func(context.Context, plan.Tree) ([]string, error)
	// StoreSources is given each image, url and git reference, one after the other; it is
	// needed with a Pinner.
	StoreSources func(lock.Sources)
	// Store is given what was resolved; nil drops it.
	Store func(target string, p lock.Platform, repositories []lock.Repository)
}

// takeLocked takes the packages from the lock, and reports whether it has them. When
// the lock is being written, it may be that it has others.
func (s *packageSet) takeLocked(ctx context.Context) (bool, error) {
	have := s.before()
	if have == nil {
		return false, nil
	}
	l := &s.t.pass.req.Lock
	stale := s.compare(have)
	if stale == nil && !s.t.pass.req.AllowMissing {
		stale = s.files.compare(ctx, have, s.asked.start())
	}
	if stale == nil && (l.updatesPackages(have) || l.Renew && have.Base != s.t.basePin()) {
		return false, nil // a base that moved may have what they need, or newer versions of them
	}
	if s.locked = have; stale == nil {
		stale = s.lockedRepositories(ctx)
	}
	switch {
	case stale == nil:
		if base := s.t.basePin(); !l.Renew && s.t.isPinned() && strings.Contains(have.Base, "@") && have.Base != base && len(have.Packages) > 0 {
			s.t.pass.warn(RuleUnlockedSource, s.t.described.From.Pos, "", "%s has the packages of another %s: what this one has in a newer version, they take back; run \"strata lock\"", l.Name, s.t.baseName())
		}
		if l.Renew && l.Store != nil {
			l.Store(s.t.described.Name, lock.Platform{Name: lockPlatform(s.t), Packages: have}, l.File.RepositoriesOf(have))
		}
		return true, nil
	case l.Renew && errors.Is(stale, ErrStaleLock):
		s.locked = nil
		return false, nil
	}
	return false, stale
}

// before is what the lock has until now; nil when it has nothing.
func (s *packageSet) before() *lock.Packages {
	if p := s.t.pass.req.Lock.of(s.t); p != nil {
		return p.Packages
	}
	return nil
}

// of is what the lock has of a target for the platform that is asked for; nil when it has
// nothing.
func (l *Locking) of(t *Target) *lock.Platform {
	return l.File.For(t.described.Name, t.image.Platform, t.platform)
}

// lockPlatform is what the lock calls the platform of a target.
func lockPlatform(t *Target) string { return lock.PlatformFor(t.image.Platform, t.platform) }

// goUnlocked says that the build goes without the lock, or refuses to.
func (s *packageSet) goUnlocked() error {
	t, at := s.t, s.asked.entries[0].layer.Packages.Range
	switch {
	case t.pass.req.Lock.Renew:
		return nil
	case t.pass.req.Lock.File != nil || t.pass.req.Lock.Strict:
		return t.stale(at.Start, "%s has no packages of target %s for %s", t.pass.req.Lock.Name, t.described.Name, t.image.Platform)
	case t.pass.toldUnlocked:
		return nil
	}
	t.pass.toldUnlocked = true
	w := t.read.file.ErrorfRange(at, "packages are not locked: this build takes what the archives have today; run \"strata lock\" and keep %s", t.pass.req.Lock.Name)
	w.Rule = RuleUnlocked
	t.pass.req.Warn(w)
	return nil
}

// compare says in what the build file differs from the lock.
func (s *packageSet) compare(have *lock.Packages) error {
	t, name, start := s.t, s.t.pass.req.Lock.Name, s.asked.start()
	wanted := s.asked.wanted()
	for i, names := range wanted {
		for _, n := range names {
			if i >= len(have.Wanted) || !slices.Contains(have.Wanted[i], n) {
				return t.stale(s.asked.pos(n), "%s does not have %s in this layer", name, n)
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
	if s.asked.recommends() != have.Recommends {
		return t.stale(start, "%s was written with other `recommends`", name)
	}
	if string(s.asked.upgrade) != have.Upgrade {
		return t.stale(cmp.Or(s.asked.upgradePos, start), "%s was written with other `upgrade`", name)
	}
	if s.asked.allowHeld() != have.AllowHeld {
		return t.stale(start, "%s was written with other `allow_held`", name)
	}
	if is, was := t.baseName(), withoutDigest(have.Base); is != was {
		return t.stale(t.described.From.Pos, "%s was written for the base %s", name, orScratch(was))
	}
	var like plan.Tree
	if s.from.like != nil {
		like = *s.from.like
	}
	if is, was := withoutDigest(pin(like)), withoutDigest(have.Like); is != was {
		return t.stale(cmp.Or(s.asked.like.Pos, start), "%s has packages like those of %s", name, cmp.Or(was, "the base"))
	}
	return nil
}

func (t *Target) stale(pos spec.Pos, format string, args ...any) error {
	if pos.IsZero() {
		pos = t.described.Range.Start
	}
	err := t.read.errorf(pos, "%w: %s", ErrStaleLock, fmt.Sprintf(format, args...))
	return err.WithHint("run \"strata lock\", or build the target strata.lock")
}

// basePin is what the lock calls the base.
func (t *Target) basePin() string { return pin(t.image.From) }

// pin is what the lock calls a tree: its short name and its digest.
func pin(from plan.Tree) string {
	switch from.Kind {
	case plan.Scratch, "":
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

// lockedRepositories finds the system and the addresses of what the lock names.
func (s *packageSet) lockedRepositories(ctx context.Context) error {
	s.uris, s.logins = map[string][]string{}, map[string]*plan.Login{}
	if s.locked.Type != "" {
		s.from.system = distro.Find(s.t.pass.req.Systems, s.locked.Type)
	}
	for _, p := range s.locked.Packages {
		if p.IsFile() || s.uris[p.Repository] != nil {
			continue
		}
		r := s.t.pass.req.Lock.File.Repository(p.Repository)
		if s.from.system == nil {
			s.from.system = distro.Find(s.t.pass.req.Systems, r.Type)
		}
		archives, ok := s.from.system.(distro.Archives)
		if !ok {
			return s.t.read.errorf(s.asked.start(), "%s has packages of the type %s, which this release doesn't know", s.t.pass.req.Lock.Name, r.Type)
		}
		if err := s.lockedRepository(ctx, r, archives); err != nil {
			return err
		}
	}
	return nil
}

// lockedRepository finds the addresses of a repository that the lock names.
func (s *packageSet) lockedRepository(ctx context.Context, r *lock.Repository, archives distro.Archives) error {
	given, err := archives.Repositories(s.asked.sources)
	if err != nil {
		return s.asked.fault(err)
	}
	has, name, start := plainRepository(r), s.t.pass.req.Lock.Name, s.asked.start()
	i := slices.IndexFunc(given, func(g distro.Repository) bool { return g.ID == has.ID })
	switch {
	case i < 0 && (len(given) > 0 || len(has.URIs) == 0):
		return s.t.stale(start, "%s has packages of the repository %s, which the build file doesn't have", name, has.ID)
	case i < 0:
	case r.Trusted && !given[i].Trusted:
		return s.t.stale(start, "%s has packages of the repository %s, which wasn't signed, and the build file has no `trusted: true` there any more", name, has.ID)
	case isOtherRelease(given[i].Distribution, has.Distribution):
		return s.t.stale(start, "%s has packages of the repository %s for %s, and the build file has that for %s", name, has.ID, has.Distribution, given[i].Distribution)
	default:
		has.URIs = given[i].URIs
	}
	s.uris[r.ID] = archives.Addresses(has)
	s.logins[r.ID], err = s.from.lockedLogin(ctx, has.URIs, r.Login)
	return err
}

// repository is what the lock has of what packages of it call so, or else of what any do;
// nil when that is nothing.
func (l *Locking) repository(of *lock.Packages, id string) *distro.Repository {
	if l.File == nil {
		return nil
	}
	for _, r := range slices.Concat(l.File.RepositoriesOf(of), l.File.Repositories) {
		if r.Called() == id {
			known := plainRepository(&r)
			return &known
		}
	}
	return nil
}

// isOtherRelease reports whether two distributions, such as alpine-3.20, both have a version
// and aren't the same.
func isOtherRelease(is, was string) bool {
	return strings.Contains(is, "-") && strings.Contains(was, "-") && is != was
}

// plainRepository is a repository of the lock as package systems take it.
func plainRepository(r *lock.Repository) distro.Repository {
	return distro.Repository{
		ID: r.Called(), URIs: r.URIs, Suite: r.Suite, Components: r.Components, Distribution: r.Distribution, Date: r.Date, Signers: r.Signers, Trusted: r.Trusted,
	}
}
