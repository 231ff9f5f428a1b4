// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// withEnv is a base with variables.
type withEnv []string

func (w withEnv) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.Config.Env = w
	return t, img, nil
}

// TestArgumentsHideVariables has an argument and a variable of the base by one name:
// it means the argument in the configuration, in the environment of a command whether
// its script mentions it or not, and in other strings.
func TestArgumentsHideVariables(t *testing.T) {
	const file = `
args: {A: arg}
from: base
config:
  env: {B: $A, C: $ONLY, PATH: "/app:$PATH", D: "$B", A2: "${A:-none}"}
  labels: {a: $A}
layers:
  - build: {run: make, env: {B: $A, C: $ONLY}}
  - build: {run: "echo $A", env: {B: $A, A: line, C: $A}}
  - build: {run: [printenv, A]}
`
	base := withEnv{"PATH=/bin", "A=base", "ONLY=base"}
	s, err := spec.Parse("strata.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	amd64 := platforms.MustParse("linux/amd64")
	for _, args := range []map[string]string{nil, {"A": "given"}} {
		p, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: base, BuildArgs: args})
		if err != nil {
			t.Fatal(err)
		}
		img := p.Images[0]
		got := []string{strings.Join(img.Config.Config.Env, " "), fmt.Sprint(img.Config.Config.Labels)}
		for _, l := range img.Layers {
			got = append(got, strings.Join(l.Action.(*plan.Exec).Env, " "))
		}
		want := strings.Join([]string{
			"PATH=/app:/bin A=base ONLY=base B=ARG C=base D=ARG A2=ARG", "map[a:ARG]",
			"PATH=/bin A=ARG ONLY=base B=ARG C=base",
			"PATH=/bin A=line ONLY=base B=ARG C=line",
			"PATH=/bin A=ARG ONLY=base",
		}, "\n")
		value := "arg"
		if args != nil {
			value = args["A"]
		}
		if want = strings.ReplaceAll(want, "ARG", value); strings.Join(got, "\n") != want {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
		}
	}
}

// TestEnvironmentOfTests has an argument that the image, and a test, have another variable
// of: what is tried is the image as it is.
func TestEnvironmentOfTests(t *testing.T) {
	const file = `
args: {A: arg, B: arg, C: arg}
from: base
config: {env: {B: config}}
tests:
  - {run: "echo $A $B $C"}
  - {run: "echo $A $B $C", env: {A: line, B: line, C: line, D: $C}}
  - {run: [printenv]}
`
	s, err := spec.Parse("strata.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	amd64 := platforms.MustParse("linux/amd64")
	p, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: withEnv{"PATH=/bin", "A=base"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"PATH=/bin A=base B=config C=arg", "PATH=/bin A=line B=line C=line D=line", "PATH=/bin A=base B=config"} {
		if got := strings.Join(p.Tests[i].Env, " "); got != want {
			t.Errorf("test %d has %q, want %q", i+1, got, want)
		}
	}
}
