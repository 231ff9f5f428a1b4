// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"testing"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb/spec"
)

// FuzzFile applies the rules to what can be read: each finding has one, and a line that there is.
func FuzzFile(f *testing.F) {
	for _, e := range examples() {
		f.Add([]byte(e.text))
	}
	f.Add([]byte("# syntax=x\n# check=skip=all;error=true\nfrom: scratch\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := lint.Configure("strata.yaml", data, nil)
		if err != nil {
			return
		}
		s, err := spec.Parse("strata.yaml", data)
		if err != nil {
			return
		}
		for _, e := range lint.File(s, spec.DefaultTarget, nil, c) {
			if lint.Find(e.Rule).Description == "" || e.Range.Start.Line == 0 || e.Excerpt() == "" {
				t.Errorf("%q: %s has the rule %q at %v", data, e, e.Rule, e.Range)
			}
		}
	})
}
