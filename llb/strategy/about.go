// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// about reads what the build file says of something; nil where it says nothing.
func (r reader) about(a spec.About) (*plan.About, error) {
	if !a.IsSet() {
		return nil, nil //nolint:nilnil // nothing is said
	}
	out := &plan.About{}
	for _, word := range []struct {
		from  spec.String
		check func(string) error
		into  *string
	}{
		{a.PURL, spec.CheckPURL, &out.PURL},
		{a.License, spec.CheckLicense, &out.License},
		{a.Version, spec.CheckWords, &out.Version},
		{a.Supplier, spec.CheckWords, &out.Supplier},
	} {
		text, err := r.expand(word.from)
		if err != nil {
			return nil, err
		}
		if word.from.IsSet() {
			if err := word.check(text); err != nil {
				return nil, r.errorf(word.from.Pos, "%w", err)
			}
		}
		*word.into = text
	}
	for _, part := range a.Contains {
		contained, err := r.about(part)
		if err != nil {
			return nil, err
		}
		out.Contains = append(out.Contains, *contained)
	}
	return out, nil
}
