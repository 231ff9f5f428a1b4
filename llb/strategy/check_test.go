// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// TestCheckFinds plans build files as check does, where nothing is fetched: what a build
// finds without running anything is found, unless it is for want of an argument.
func TestCheckFinds(t *testing.T) {
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	for text, want := range map[string]string{
		`args: {A: ""}
layers: [{packages: {names: [jq], repositories: [{type: deb, uri: $A, suites: [x], components: [main]}]}}]`: "2:67: the repository has no address",
		`args: {A: "ftp://x"}
layers: [{packages: {names: [jq], repositories: [{type: deb, uri: $A, suites: [x], components: [main]}]}}]`: "2:67: ",
		`args: {A: never}
from: scratch
layers: [{packages: {upgrade: $A}}]`: "3:31: ",
		`args: {A: nothing}
layers: [{files: [{dest: /x, git: $A}]}]`: `2:35: "nothing" is not the address of a repository`,
		`args: {A: ""}
layers: [{files: [{dest: /x, url: $A}]}]`: "2:35: ",
		`args: {A: u+q}
layers: [{files: [{dest: /x, source: y, mode: $A}]}]`: "2:47: ",
		`args: {A: /etc/.wh.passwd}
layers: [{files: [{dest: $A, content: x}]}]`: `2:26: the name ".wh.passwd" begins with .wh.`,
		`layers: [{files: [{dest: /x/, url: "https://example.org/a/.wh.passwd?b"}]}]`: `1:36: the name ".wh.passwd" begins with .wh.`,
		`users: [{name: a, home: /home/.wh.b}]
layers: [{files: [{dest: /x, content: x}]}]`: `1:25: the name ".wh.b" begins with .wh.`,
		`args: {A: null}
layers: [{packages: {names: [jq], repositories: [{type: deb, uri: $A, suites: [x], components: [main]}]}}]`: "",
		`args: {A: null}
layers: [{files: [{dest: /x, git: $A}]}]`: "",
		`layers: [{packages: {names: [jq], repositories: [{type: deb, uri: "https://example.org", suites: [x], components: [main]}]}}]`: "",
		`layers: [{build: {run: "true"}}]`: "1:18: the image is still empty",
		`layers:
  - packages: {names: [jq], repositories: [{type: deb, uri: "https://example.org", suites: [x], components: [main]}]}
  - build: {run: "true"}`: "",
	} {
		s, err := spec.Parse("strata.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, AllowMissing: true, Warn: func(*spec.Error) {}})
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), "strata.yaml:"+want) {
			t.Errorf("%s\ngot %v, want %s", text, err, want)
		}
	}
}
