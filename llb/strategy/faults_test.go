// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// bases has an image of three layers under every name but one.
type bases struct{}

func (bases) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	if strings.Contains(t.Name, "absent") {
		return t, nil, errors.New("not found")
	}
	img := &dockerspec.DockerOCIImage{}
	for _, layer := range []string{"a", "b", "c"} {
		img.RootFS.DiffIDs = append(img.RootFS.DiffIDs, digest.FromString(layer))
	}
	return t, img, nil
}

func planned(t *testing.T, text string, args map[string]string) (*plan.Plan, error) {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatalf("the parser should take this: %v", err)
	}
	amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	return strategy.Plan(context.Background(), strategy.Request{
		Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: bases{}, BuildArgs: args,
	})
}

// TestFaults shows what a user reads when a build file parses but can't be
// planned: the place and the next step.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"unknown name", "args: {VERSION: 1}\nlayers:\n  - files: [{dest: \"/x-$VERSIO\", content: x}]\n",
			`strata.yaml:3:24: there is no argument "VERSIO"; did you mean "VERSION"?`,
		},
		{
			"build on scratch", "layers:\n  - build: {run: 'touch $out/x'}\n",
			"strata.yaml:2:12: a build on scratch needs `from`: name an image that the command runs in",
		},
		{
			"address without a name", "layers:\n  - files: [{dest: /a/b/, url: \"https://example.org/x/..\"}]\n",
			"strata.yaml:2:32: the address ends in no name for a file in /a/b; write the whole path in dest",
		},
		{
			"deletion in an address", "layers:\n  - files: [{dest: /a/b/, url: \"https://example.org/%2ewh.x\"}]\n",
			`strata.yaml:2:32: the name ".wh.x" begins with .wh., which means a deletion in an image's layer; rename it`,
		},
		{
			"user of an argument", "args: {U: a b}\nfrom: x\nconfig: {user: $U}\n",
			`strata.yaml:3:16: owner "a b": "a b" cannot name a user`,
		},
		{
			"signal of an argument", "args: {S: SIGTRM}\nfrom: x\nconfig: {stop_signal: $S}\n",
			`strata.yaml:3:23: "SIGTRM" is not a signal; write one such as SIGTERM or 15; did you mean "SIGTERM"?`,
		},
		{
			"healthcheck of nothing", "from: x\nconfig: {healthcheck: {interval: 5s}}\n",
			"strata.yaml:2:23: the healthcheck has no `test`, and the base has none",
		},
		{
			"healthcheck all the time", "from: x\nconfig: {healthcheck: {test: a, interval: 5us}}\n",
			`strata.yaml:2:43: "5us" is less than a millisecond, and containers with such a healthcheck aren't started`,
		},
		{
			"output of nothing", "from: x\nlayers:\n  - build: {run: a, out: false, outputs: [/a]}\n",
			"strata.yaml:3:43: with `out: false` all that the command changes ships, and so outputs have nothing to say; leave one of them out",
		},
		{
			"output of a cache", "from: x\nlayers:\n  - build: {run: a, cache: [/c], outputs: [/c/d]}\n",
			"strata.yaml:3:44: /c/d is in the cache /c, and what is in a cache ships in no layer; let the command copy it to another place",
		},
		{
			"list of outputs for one name", "args: {D: /d}\nfrom: x\nlayers:\n  - build: {run: a, outputs: [{source: [/a, /b], dest: $D}]}\n",
			"strata.yaml:4:56: a list of sources needs a directory as dest: write /d/",
		},
		{
			"output of everything", "from: x\nlayers:\n  - build: {run: a, outputs: [/]}\n",
			"strata.yaml:3:31: all of the step can't be an output; name the directories that ship",
		},
		{
			"output of $out", "from: x\nlayers:\n  - build: {run: a $out, outputs: [/out/b]}\n",
			"strata.yaml:3:36: /out/b is in $out, which ships anyway",
		},
		{
			"outputs of directories", "from: x\nlayers:\n  - build: {run: a, outputs: [\"/a/*/b\"]}\n",
			"strata.yaml:3:31: the directories of the pattern /a/*/b aren't known; say with `dest` where its files go",
		},
		{
			"a list without a directory", "args: {D: /a}\nlayers:\n  - files: [{dest: $D, source: [a, b]}]\n",
			"strata.yaml:3:20: a list of sources needs a directory as dest: write /a/",
		},
		{
			"two users of one number", "from: x\nusers: [{name: a, uid: 5}, {name: b, uid: 5}]\n",
			"strata.yaml:2:43: the number 5 is taken by another one of this target",
		},
		{
			"two users of one name", "from: x\nusers: [{name: a}, {name: a}]\n",
			"strata.yaml:2:27: the user a is on line 2 already",
		},
		{
			"a group of the user's number", "from: x\nusers: [{name: a, uid: 5}]\ngroups: [{name: b, gid: 5}]\n",
			"strata.yaml:2:16: the user a would have a group of its own with the number 5, which another group has; say with `group` which one is meant",
		},
		{
			"in place on nothing", "layers:\n  - build: {run: 'touch /x'}\n",
			"strata.yaml:2:12: the image is still empty, so no command can run in it; set the image's `from`, or the build's `from` and write to $out",
		},
		{
			"from without out", "from: base\nlayers:\n  - build: {from: other, out: false, run: x}\n",
			"strata.yaml:3:19: without $out the command changes the image so far, so it can't run in \"other\"; write to $out, or leave `from` out",
		},
		{
			"network and strict", "from: base\nlayers:\n  - build: {run: 'x > $out/y', network: host, deterministic: strict}\n",
			"strata.yaml:3:41: network host goes against deterministic: strict, which cuts the network",
		},
		{
			"base that is not there", "from: absent:1\nlayers: []\n",
			"strata.yaml:1:7: look up docker.io/library/absent:1: not found",
		},
		{
			"target by argument", "args: {T: debg}\nfrom: target:$T\ntargets: {debug: {layers: []}}\n",
			`strata.yaml:2:7: unknown target "debg"; the build file has debug and default; did you mean "debug"?`,
		},
		{
			"cycle by argument", "args: {T: default}\nfrom: target:$T\n",
			`strata.yaml:2:7: target default needs itself`,
		},
		{
			"mode by argument", "args: {M: rw}\nlayers:\n  - files: [{dest: /x, content: x, mode: $M}]\n",
			`strata.yaml:3:42: `,
		},
		{
			"too many layers", "from: base\nmax_layers: 4\nlayers:\n  - build: {run: a}\n  - build: {run: b}\n",
			"strata.yaml:2:13: target default has 5 layers (3 from the base), and the limit is 4; commands that change the image in place can't share one, nor can installing packages: join some of them",
		},
		{
			"optional pattern without directory", "args: {S: \"*.conf\"}\nlayers:\n  - files: [{dest: /etc, source: $S, optional: true}]\n",
			"strata.yaml:3:20: $S may match nothing, so dest must be a directory: write /etc/",
		},
		{
			"link to nothing", "args: {L: \"\"}\nlayers:\n  - files: [{dest: /a, symlink: $L}]\n",
			"strata.yaml:3:33: the path is empty",
		},
		{
			"network of Nix by argument", "args: {N: nonee}\nfrom: x\nlayers:\n  - derivation: {build: {from: nix, file: a.nix, network: $N}}\n",
			`strata.yaml:4:59: want none, default or host, found "nonee"; did you mean "none"?`,
		},
		{
			"type of an archive by argument", "args: {T: rpm}\nlayers:\n  - packages: {names: [jq], repositories: [{type: $T, uri: \"http://a.example\"}]}\n",
			`strata.yaml:3:51: want deb or apk, found "rpm"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := planned(t, c.text, nil)
			var fault *spec.Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a *spec.Error", err)
			}
			if got := err.Error(); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestFold shows how layers come below the limit.
func TestFold(t *testing.T) {
	p, err := planned(t, `
from: base
max_layers: 6
layers:
  - files: [{dest: /a, content: a}]
  - files: [{dest: /b, content: b}]
  - build: {run: "a > $out/a"}
  - build: {run: "b > $out/b"}
  - build: {run: "c"}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range p.Images[0].Layers {
		words := l.Words
		if l.Fold {
			words = "+ " + words
		}
		got = append(got, words)
	}
	want := "files /a; files /b|build a > $out/a|+ build b > $out/b|build c"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}
