// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/google/go-cmp/cmp"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// publication is what a test expects of tags and platforms.
type publication struct {
	text   string
	target string
	args   map[string]string
	// built are the platforms of the tags; empty for those that are declared.
	built           string
	tags, platforms string
	// fault is what the error says.
	fault string
}

// TestPublished reads the tags and the platforms of targets.
func TestPublished(t *testing.T) {
	for name, c := range map[string]publication{
		"none":                 {text: "layers: []"},
		"as written":           {text: "tags: [app, example.org/app:1]\nplatforms: [linux/amd64, arm64, linux/arm/v7]", tags: "app example.org/app:1", platforms: "linux/amd64 linux/arm64 linux/arm/v7"},
		"each once":            {text: "platforms: [linux/arm64, arm64, linux/arm64/v8]", platforms: "linux/arm64"},
		"arguments":            {text: "args: {V: 1, A: s390x}\ntags: ['app:$V']\nplatforms: ['linux/${A}']", args: map[string]string{"V": "2"}, tags: "app:2", platforms: "linux/s390x"},
		"the builder's":        {text: "platforms: [$BUILDPLATFORM, linux/s390x]", platforms: "linux/arm64 linux/s390x"},
		"its own":              {text: "tags: [a]\nplatforms: [arm64]\ntargets: {debug: {tags: [b]}}", target: "debug", tags: "b"},
		"one platform's":       {text: "tags: ['app:$TARGETARCH']", built: "linux/s390x", tags: "app:s390x"},
		"two platforms'":       {text: "\ntags: ['app:$TARGETARCH']", built: "linux/s390x linux/amd64", fault: "strata.yaml:2:8: the tag is app:s390x for linux/s390x, and app:amd64 for linux/amd64"},
		"of an argument":       {text: "args: {A: $TARGETARCH}\ntags: ['app:$A']", built: "linux/s390x linux/amd64", fault: "an image has one name on all of its platforms"},
		"of themselves":        {text: "platforms: ['linux/$TARGETARCH']", fault: "can't be made of TARGETARCH"},
		"no platform":          {text: "args: {A: sparc}\nplatforms: ['linux/${A}/']", fault: `"linux/sparc/" is not a platform`},
		"no architecture":      {text: "args: {A: z80}\nplatforms: [$A]", fault: `"z80" is not a platform`},
		"optional":             {text: "args: {B: {optional: true}, C: '-${B:-x}'}\ntags: ['app:1${B:+-$B}', 'app:2$C']", tags: "app:1 app:2-x"},
		"no tag":               {text: "args: {T: UPPER}\ntags: ['$T']", fault: `"UPPER" is not a tag`},
		"no value":             {text: "args: {V: null}\ntags: ['app:$V']", fault: "the argument V has no value"},
		"no value, by another": {text: "args: {V: null, W: $V}\ntags: ['app:$W']", fault: "the argument V has no value"},
		"no value, elsewhere":  {text: "args: {B: null, V: 1}\nfrom: $B\ntags: ['app:$V']", tags: "app:1"},
		"no value, unasked":    {text: "args: {V: null}\nplatforms: [arm64]", platforms: "linux/arm64"},
		"no such target":       {text: "layers: []", target: "x", fault: `unknown target "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			tags, declared, err := published(t, c)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("the error is %v, want %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.tags, tags); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.platforms, declared); diff != "" {
				t.Errorf("platforms (-want +got):\n%s", diff)
			}
		})
	}
}

func published(t *testing.T, c publication) (tags, declared string, err error) {
	t.Helper()
	s, err := spec.Parse("strata.yaml", []byte(c.text+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := strategy.Request{Spec: s, Target: c.target, BuildPlatform: platforms.MustParse("linux/arm64"), BuildArgs: c.args}
	found, err := strategy.Platforms(r)
	if err != nil {
		return "", "", err
	}
	built := found
	for name := range strings.FieldsSeq(c.built) {
		built = append(built, platforms.MustParse(name))
	}
	if len(built) == 0 {
		built = []ocispecs.Platform{r.BuildPlatform}
	}
	names, err := strategy.Tags(r, built)
	return strings.Join(names, " "), strings.Join(formatted(found), " "), err
}

func formatted(list []ocispecs.Platform) []string {
	var names []string
	for _, p := range list {
		names = append(names, platforms.FormatAll(p))
	}
	return names
}
