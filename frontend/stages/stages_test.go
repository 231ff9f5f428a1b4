// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package stages_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/stages"
)

func read(text string, opts map[string]string) *stages.File {
	return stages.Read([]byte(text), stages.Args(opts, ocispecs.Platform{OS: "linux", Architecture: "amd64"}))
}

// TestImages finds the images of a Dockerfile, and none of its stages.
func TestImages(t *testing.T) {
	const text = `# syntax=docker/dockerfile:1
ARG TAG=3 HOST
FROM --platform=$BUILDPLATFORM $HOST/alpine:$TAG AS One
RUN --mount=type=bind,from=tools:1,target=/t --mount=type=cache,target=/c true
FROM one
COPY --from=0 /a /a
COPY --from=ONE /a /a
COPY --from=busybox:1 /a /a
FROM scratch
COPY --from=1 /a /a
`
	got := read(text, map[string]string{"build-arg:HOST": "registry.example.org"}).Images("")
	if want := []string{"busybox:1", "registry.example.org/alpine:3", "tools:1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestImagesOfStage finds what one stage needs, which a platform may choose.
func TestImagesOfStage(t *testing.T) {
	const text = `FROM debian AS base-amd64
FROM ubuntu AS base-arm64
FROM base-${TARGETARCH} AS app
FROM golang AS dev
COPY --from=app /a /a
FROM app
COPY --from=late /a /a
FROM busybox AS late
`
	for _, c := range []struct {
		target, platform string
		want             []string
	}{
		{"app", "linux/amd64", []string{"debian"}},
		{"APP", "linux/arm64/v8", []string{"ubuntu"}},
		{"dev", "", []string{"debian", "golang"}},
		{"", "", []string{"busybox"}},
		{"none", "", []string{"busybox", "debian", "golang", "ubuntu"}},
	} {
		if got := read(text, map[string]string{"platform": c.platform}).Images(c.target); !slices.Equal(got, c.want) {
			t.Errorf("stage %q on %q: got %q, want %q", c.target, c.platform, got, c.want)
		}
	}
}

// TestPinned gives images other names, and stages that are called like them none.
func TestPinned(t *testing.T) {
	const text = `ARG TAG=latest
FROM --platform=$BUILDPLATFORM \
  # which is small
  alpine:$TAG AS alpine
RUN echo >/a
FROM alpine
FROM debian:12`
	const want = `ARG TAG=latest
FROM --platform=$BUILDPLATFORM alpine@pinned AS alpine


RUN echo >/a
FROM alpine
FROM debian:12`
	f := read(text, nil)
	got := f.Pinned(func(image string) string {
		return map[string]string{"alpine:latest": "alpine@pinned", "alpine": "wrong"}[image]
	})
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !f.Has("Alpine") || f.Has("debian") {
		t.Error("its stages have other names")
	}
}

// TestNoDockerfile has text of another kind.
func TestNoDockerfile(t *testing.T) {
	for _, text := range []string{"", "from: debian\nlayers: []\n", "FROM\n", "COPY --from=a b c\n", "\x00"} {
		f := read(text, nil)
		if images := f.Images(""); len(images) > 0 {
			t.Errorf("%q has the images %q", text, images)
		}
		if got := f.Pinned(func(string) string { return "x" }); string(got) != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// FuzzRead holds that pinning moves no line, and leaves the stages and their names.
func FuzzRead(f *testing.F) {
	f.Add("FROM alpine AS alpine\nRUN true\nFROM alpine\nCOPY --from=alpine /a /a\n", "alpine")
	f.Add("# escape=`\nFROM --platform=linux/amd64 `\n  # a comment\n  a AS b\nFROM b\nRUN <<E\nFROM c\nE", "a")
	f.Add("ARG X=1\nFROM a:$X\nRUN --mount=from=0,target=/x true\n", "a:1")
	f.Fuzz(func(t *testing.T, text, image string) {
		file := read(text, nil)
		if got := file.Pinned(func(string) string { return "" }); string(got) != text {
			t.Fatalf("%q becomes %q, with nothing to pin", text, got)
		}
		pinned := file.Pinned(func(name string) string {
			if name == image {
				return "pinned"
			}
			return ""
		})
		if got, want := bytes.Count(pinned, []byte("\n")), strings.Count(text, "\n"); got != want && got != want+1 {
			t.Fatalf("%q becomes %q, with other lines", text, pinned)
		}
		again := read(string(pinned), nil)
		for word := range strings.FieldsSeq(text) {
			if file.Has(word) != again.Has(word) {
				t.Fatalf("%q becomes %q: whether it has the stage %q differs", text, pinned, word)
			}
		}
	})
}
