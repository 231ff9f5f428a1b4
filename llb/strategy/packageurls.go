// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// packageURLs are those that the build file gives packages for the list of contents.
type packageURLs struct{ of *packageSet }

// read puts them into the plan's image.
func (u packageURLs) read() error {
	s := u.of
	for _, e := range s.asked.entries {
		for _, p := range e.layer.Packages.PURLs {
			text, err := s.t.read.expand(p.Value)
			if err != nil {
				return err
			}
			if err := spec.CheckPURL(text); err != nil {
				return s.t.read.errorf(p.Value.Pos, "%w", err)
			}
			if s.t.image.PackageURLs == nil {
				s.t.image.PackageURLs = map[string]string{}
			}
			s.t.image.PackageURLs[p.Key] = text
		}
	}
	return nil
}

// warn tells of those that are for none of the packages.
func (u packageURLs) warn(have []lock.Package) {
	s := u.of
	for _, e := range s.asked.entries {
		for _, p := range e.layer.Packages.PURLs {
			if !slices.ContainsFunc(have, func(l lock.Package) bool { return l.Name == p.Key }) {
				s.t.pass.req.Warn(s.t.read.errorf(p.KeyPos, "purls: no package of the image is called %s, so the list of contents doesn't have it", p.Key))
			}
		}
	}
}
