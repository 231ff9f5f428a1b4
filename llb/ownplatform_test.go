// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// TestTargetOfOwnPlatform takes files from targets that are for the platform that builds,
// while another one is asked for.
func TestTargetOfOwnPlatform(t *testing.T) {
	s, err := spec.Parse("strata.yaml", []byte(`
layers: [{files: [{dest: /app, from: "target:build", source: /app}]}]
targets:
  tools: {platform: $BUILDPLATFORM, layers: [{files: [{dest: /cc, content: cc}]}]}
  build:
    from: target:tools
    platform: $BUILDPLATFORM
    layers: [{files: [{dest: /app, content: "for $TARGETARCH on $BUILDARCH", expand: true}]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		p, err := strategy.Plan(t.Context(), strategy.Request{
			Spec: s, Platform: ocispecs.Platform{OS: "linux", Architecture: arch}, BuildPlatform: ocispecs.Platform{OS: "linux", Architecture: "amd64"},
		})
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := llb.Dump(&text, definition(t, p)); err != nil {
			t.Fatal(err)
		}
		if want := "for " + arch + " on amd64"; !strings.Contains(text.String(), want) {
			t.Errorf("for %s: want %q in\n%s", arch, want, text.String())
		}
	}
}
