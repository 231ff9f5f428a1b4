// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/platforms"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// planFile plans a build file on a base with variables.
func planFile(t *testing.T, file, target string, given map[string]string) (*plan.Plan, error) {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return strategy.Plan(t.Context(), strategy.Request{
		Spec: s, Target: target, Platform: platforms.MustParse("linux/arm64"), BuildPlatform: platforms.MustParse("linux/amd64"),
		Bases: withEnv{"PATH=/bin", "A=base", "HOMEDIR=/srv/home"}, BuildArgs: given,
	})
}

// TestArgsOfCommand lists the arguments that a command gets, one of which may be missing
// altogether, and says that its script goes on after a failure.
func TestArgsOfCommand(t *testing.T) {
	const file = `
args: {A: arg, B: two, O: {optional: true}}
from: base
layers:
  - build: {run: "echo $B $O", args: [A, O, TARGETARCH], errexit: false}
  - build: {run: "echo $A", args: []}
  - build: {run: "echo $B $O"}
config: {labels: {o: "<$O>", p: "${O:-none}", h: $HOMEDIR}}
`
	for given, want := range map[string][]string{
		"":  {"PATH=/bin A=arg HOMEDIR=/srv/home TARGETARCH=arm64", "PATH=/bin A=base HOMEDIR=/srv/home", "PATH=/bin A=arg HOMEDIR=/srv/home B=two", "map[h:/srv/home o:<> p:none]"},
		"x": {"PATH=/bin A=arg HOMEDIR=/srv/home O=x TARGETARCH=arm64", "PATH=/bin A=base HOMEDIR=/srv/home", "PATH=/bin A=arg HOMEDIR=/srv/home B=two O=x", "map[h:/srv/home o:<x> p:x]"},
	} {
		args := map[string]string{"O": given}
		if given == "" {
			args = nil
		}
		p, err := planFile(t, file, "", args)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range p.Images[0].Layers {
			got = append(got, strings.Join(l.Action.(*plan.Exec).Env, " "))
		}
		if got = append(got, fmt.Sprint(p.Images[0].Config.Config.Labels)); !slices.Equal(got, want) {
			t.Errorf("O=%s:\n%s\nwant\n%s", given, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if sh := p.Images[0].Layers[0].Action.(*plan.Exec).Args; !slices.Equal(sh[:2], []string{"/bin/sh", "-c"}) {
			t.Errorf("errexit: false runs %q", sh)
		}
	}
	const unknown = "args: {NAME: x}\nfrom: base\nlayers: [{build: {run: x, args: [NAEM]}}]\n"
	if _, err := planFile(t, unknown, "", nil); err == nil || !strings.Contains(err.Error(), `no argument "NAEM"`) || !strings.Contains(err.Error(), "NAME") {
		t.Errorf("an argument that isn't declared: %v", err)
	}
}

// TestTargetPlatform has a target for the platform that builds: its steps run there, and
// still see what the build is for. What it takes from other targets is for that, too.
func TestTargetPlatform(t *testing.T) {
	const file = `
from: target:base
layers:
  - files: [{dest: /tool, from: "target:build", source: /tool}]
targets:
  base: {from: example/base}
  build:
    from: example/go
    platform: $BUILDPLATFORM
    layers:
      - files: [{dest: /x, from: "target:base", source: /x}]
      - build: {run: "make $TARGETARCH"}
  more: {from: "target:build", platform: linux/amd64}
`
	p, err := planFile(t, file, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, img := range p.Images {
		got[img.Target] += img.Platform + " on " + img.From.Platform
	}
	want := map[string]string{"default": "linux/arm64 on linux/arm64", "base": "linux/arm64 on linux/arm64", "build": "linux/amd64 on linux/amd64"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("targets are for %v, want %v", got, want)
	}
	for _, img := range p.Images {
		if img.Target != "build" {
			continue
		}
		run := img.Layers[1].Action.(*plan.Exec)
		if run.Platform != "linux/amd64" || !slices.Contains(run.Env, "TARGETARCH=arm64") {
			t.Errorf("the step runs on %s with %v", run.Platform, run.Env)
		}
	}
	if p, err = planFile(t, file, "more", nil); err != nil {
		t.Fatal(err)
	}
	if last := p.Images[len(p.Images)-1]; last.Platform != "linux/amd64" || last.From.Platform != "linux/arm64" {
		t.Errorf("a target on the one that builds is for %s, and asks for it on %s", last.Platform, last.From.Platform)
	}
}

// TestOwnPlatformIsOne has a target with a platform of its own as what commands run in and
// take files from, and as a base: all of them mean one image, made for the platform that is
// asked for.
func TestOwnPlatformIsOne(t *testing.T) {
	const file = `
layers:
  - files: [{dest: /x, from: "target:build", source: /x}]
  - build: {from: "target:tools", platform: $BUILDPLATFORM, run: make, outputs: [/y]}
targets:
  tools:
    from: example/go
    platform: $BUILDPLATFORM
    layers: [{build: {run: "get $TARGETARCH"}}]
  build:
    from: target:tools
    platform: $BUILDPLATFORM
    layers:
      - build: {run: "cc > $out/x", source: {from: "target:tools"}, mounts: [{target: /m, from: "target:tools"}]}
`
	p, err := planFile(t, file, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, img := range p.Images {
		names = append(names, img.Target+" for "+img.Platform+" asked for "+img.Asked)
		for _, l := range img.Layers {
			for _, c := range append(l.Action.Copies(), plan.Copy{From: img.From}) {
				if c.From.Kind == plan.Target && p.Image(c.From.Name, c.From.Platform) == nil {
					t.Errorf("%s takes what isn't planned: %+v", img.Target, c.From)
				}
			}
		}
	}
	want := "tools for linux/amd64 asked for linux/arm64; build for linux/amd64 asked for linux/arm64; default for linux/arm64 asked for "
	if got := strings.Join(names, "; "); got != want {
		t.Errorf("the images are %s, want %s", got, want)
	}
	if env := p.Images[0].Layers[0].Action.(*plan.Exec).Env; !slices.Contains(env, "TARGETARCH=arm64") {
		t.Errorf("what commands run in is made with %v", env)
	}
}

// TestFilesAsTheyAre has the keys of files that leave something as it is.
func TestFilesAsTheyAre(t *testing.T) {
	const file = `
args: {A: arg}
from: base
layers:
  - files:
      - {dest: /a, from: image, source: /a, owner: keep}
      - {dest: /b/, source: "*.lock", optional: true}
      - {dest: /c, content: "$A $$B $HOMEDIR", expand: true}
      - {dest: /d, content: "$A $$B"}
      - {dest: $HOMEDIR/e, content: ""}
config: {author: me}
`
	p, err := planFile(t, file, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	es := p.Images[len(p.Images)-1].Layers[0].Action.(*plan.Files).Entries
	if !es[0].KeepOwners || es[0].Owner != nil || !es[1].Optional || *es[2].Content != "arg $B /srv/home" || *es[3].Content != "$A $$B" || es[4].Dest != "/srv/home/e" {
		t.Errorf("entries are %+v", es)
	}
	if got := p.Images[len(p.Images)-1].Config.Author; got != "me" {
		t.Errorf("the author is %q", got)
	}
}
