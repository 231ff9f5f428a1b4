// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// TestShadowedBase names a base as the build file does, of whatever kind it is.
func TestShadowedBase(t *testing.T) {
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	for _, base := range []string{"base:1", "dockerfile:Dockerfile", "context:base"} {
		text := "args: {VERSION: 2}\nfrom: " + base + "\nlayers: [{build: {run: echo $VERSION}}]\n"
		s, err := spec.Parse("strata.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		p, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: bases{}, Warn: func(*spec.Error) {}})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, e := range lint.Plan(s, p, nil) {
			if e.Rule == lint.ArgShadowsVariable {
				said = append(said, e.Error())
			}
		}
		if len(said) != 1 || !strings.HasSuffix(said[0], "argument VERSION has the name of a variable of the base "+base) {
			t.Errorf("%s: %q", base, said)
		}
	}
}
