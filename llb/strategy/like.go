// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"fmt"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/spec"
)

// readLike reads which image says in the base's place where packages come from.
// Packages are resolved together, so that all layers mean the same one. It is looked
// up only to resolve: the lock has what came of it.
func (s *origin) readLike() error {
	for _, e := range s.asked.entries {
		given := e.layer.Packages.Like
		if !given.IsSet() {
			continue
		}
		like, err := s.t.usable(given, s.t.image.Platform)
		if err != nil {
			return err
		}
		if s.like != nil && pin(*s.like) != pin(like) {
			return s.t.read.errorf(given.Pos, "the packages of one image are like one other image, not like %s and %s", pin(*s.like), pin(like))
		}
		if s.like == nil {
			s.like, s.asked.like = &like, given
		}
	}
	return nil
}

// openLike opens the image that says where packages come from, if that isn't the
// base, and pins it.
func (s *origin) openLike(ctx context.Context) error {
	if s.like == nil {
		return nil
	}
	pinned, _, err := s.t.use(ctx, s.asked.like, s.t.image.Platform)
	if err != nil {
		return err
	}
	name := withoutDigest(pin(pinned))
	in, err := s.open(ctx, s.t.pass.plan, pinned)
	if err != nil {
		return s.likeFault(fmt.Errorf("look into %s: %w", name, err))
	}
	s.like, s.configured = &pinned, &distro.Configured{Tree: in, Name: name}
	return nil
}

// likeFault is what an image answers: no fault of the build file, though a line of it
// asks.
func (s *origin) likeFault(err error) *spec.Error {
	fault := s.t.read.errorf(s.asked.like.Pos, "%w", err)
	fault.External = true
	return fault
}

// systemOfLike takes the system of the image that packages are to be like, unless the
// base has packages of another one.
func (s *origin) systemOfLike(ctx context.Context, base tree.Tree) (err error) {
	name := s.configured.Name
	if s.system, err = distro.Detect(ctx, s.t.pass.req.Systems, s.configured); err != nil {
		return s.likeFault(fmt.Errorf("look into %s: %w", name, err))
	}
	if s.system == nil {
		return s.t.read.errorf(s.asked.like.Pos, "%s has no package database that Strata knows (%s); take an image that has one",
			name, s.knownSystems())
	}
	if _, ok := s.system.(distro.Archives); !ok {
		return s.t.read.errorf(s.asked.like.Pos, "%s has packages of %s, which only that itself can install; make the image from it instead",
			name, s.system.Facts().Name)
	}
	return s.checkBase(ctx, base, s.asked.like.Pos)
}
