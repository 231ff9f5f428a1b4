// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"maps"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// TestPinStages pins the images of a Dockerfile without a context that takes the place of a
// stage, as one called like the stage does.
func TestPinStages(t *testing.T) {
	of := "sha256:" + strings.Repeat("a", 64)
	d := &Daemon{Client: capable{}}
	f := NewFinder(d)
	f.Pin("strata.lock", []lock.Image{{Name: "alpine:latest", Digest: of}, {Name: "debian:12", Digest: of}}, false)
	from := bk.Local("context")
	def, err := d.Marshal(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		context bool
		text    string
	}{
		"FROM debian:12\nFROM alpine\n": {context: true},
		"FROM debian:12\nFROM alpine AS alpine\nRUN apk add git\nFROM alpine\n": {
			text: "FROM debian:12\nFROM alpine:latest@" + of + " AS alpine\nRUN apk add git\nFROM alpine\n",
		},
		"FROM debian:12 AS alpine\nRUN echo\n": {text: "FROM debian:12 AS alpine\nRUN echo\n"},
	} {
		opts := map[string]string{}
		read, err := f.dockerfiles.pin(t.Context(), pinning{from: from, def: def, file: "docker/Dockerfile", text: []byte(text)}, opts)
		if err != nil {
			t.Fatal(err)
		}
		contexts := map[string]string{"context:debian:12": "docker-image://debian:12@" + of}
		if want.context {
			contexts["context:alpine"] = "docker-image://alpine:latest@" + of
		}
		if !maps.Equal(opts, contexts) {
			t.Errorf("%q: the contexts are %q", text, opts)
		}
		if got := written(t, read); got != want.text {
			t.Errorf("%q is read as %q, want %q", text, got, want.text)
		}
	}
}

// asks is a daemon that is asked with options.
type asks struct {
	capable
	opts map[string]string
}

func (a asks) BuildOpts() client.BuildOpts {
	opts := a.capable.BuildOpts()
	opts.Opts = a.opts
	return opts
}

// TestDockerfileOptions leaves out what is for the finished image.
func TestDockerfileOptions(t *testing.T) {
	d := &dockerfiles{daemon: &Daemon{UI: &dockerui.Client{}, Client: asks{opts: map[string]string{
		"attest:sbom": "", "build-arg:BUILDKIT_ATTEST_SBOM": "", "build-arg:BUILDKIT_MULTI_PLATFORM": "1", "label:a": "b", "target": "t",
		"build-arg:A": "b", "add-hosts": "a=1.2.3.4", "no-cache": "",
	}}}}
	got, err := d.options("linux/arm64", &spec.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"build-arg:A": "b", "add-hosts": "a=1.2.3.4", "no-cache": "", "platform": "linux/arm64"}; !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// written is what a definition writes to the Dockerfile; empty for nothing.
func written(t *testing.T, def *bk.Definition) string {
	t.Helper()
	for _, data := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		for _, action := range op.GetFile().GetActions() {
			if made := action.GetMkfile(); made != nil && made.Path == "/docker/Dockerfile" {
				return string(made.Data)
			}
		}
	}
	return ""
}
