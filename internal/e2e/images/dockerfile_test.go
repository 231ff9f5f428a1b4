// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestDockerfileOfAnotherPlatform builds for a platform that the base of a Dockerfile isn't
// for. Its frontend writes down that the image is for what was wanted; an index must not
// lie, whether the Dockerfile's stage is named, built on, or says itself what it is for.
func TestDockerfileOfAnotherPlatform(t *testing.T) {
	h := house.New(t)
	only := testenv.BusyboxImage(t, h.Registry, "dockerfile-only:1", testenv.BusyboxTweaks{Only: "amd64"})
	for name, file := range map[string]string{
		"a command":     "FROM " + only + "\nRUN echo > /made\n",
		"another stage": "FROM " + only + " AS below\nFROM below\nCOPY strata.yaml /\n",
		"joined":        "FROM " + only + "\nCOPY --link strata.yaml /\n",
		"said":          "FROM --platform=linux/amd64 " + only + "\nENV A=a\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: dockerfile:Dockerfile\n-- Dockerfile --\n"+file)
			const words = "strata.yaml:2:7: the base dockerfile:Dockerfile is for linux/amd64, and the image that is built on it for linux/arm64; take a base"
			h.Each(t, func(t *testing.T, w house.Way) {
				out, err := w.Build(house.Flags(dir, "--platform", "linux/amd64,linux/arm64")...)
				if err == nil {
					t.Error("it is built")
				}
				house.Contains(t, out, words)
				w.Must(t, house.Flags(dir, "--platform", "linux/amd64")...)
			})
			if out, err := h.Strata(house.Flags(dir, "--check", "--platform", "linux/arm64")...); err == nil || !strings.Contains(out, words) {
				t.Errorf("the check finds nothing: %v\n%s", err, out)
			}
		})
	}
}

// TestUseOfADockerfileOfAnotherPlatform takes files from such a stage, and runs a command in
// it: both are warned of, unless the Dockerfile or the entry says which platform is meant.
func TestUseOfADockerfileOfAnotherPlatform(t *testing.T) {
	h := house.New(t)
	only := testenv.BusyboxImage(t, h.Registry, "dockerfile-only:1", testenv.BusyboxTweaks{Only: "amd64"})
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - files: [{dest: /a, from: dockerfile:Dockerfile, source: /etc/passwd}]
  - build: {from: dockerfile:Dockerfile, run: echo > $out/b}
  - files: [{dest: /c, from: dockerfile:Dockerfile, platform: linux/amd64, source: /etc/passwd}]
  - files: [{dest: /d, from: "dockerfile:Dockerfile#said", source: /etc/passwd}]
-- Dockerfile --
FROM --platform=$BUILDPLATFORM `+only+` AS said
FROM `+only+`
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "--platform", "linux/arm64")...)
		const words = ": dockerfile:Dockerfile is for linux/amd64, and what it is used for is for linux/arm64; say `platform: linux/amd64` if that is meant"
		house.Contains(t, out, "strata.yaml:4:30"+words, "strata.yaml:5:19"+words)
		for _, line := range []string{"strata.yaml:6", "strata.yaml:7"} {
			if strings.Contains(out, line) {
				t.Errorf("%s is warned of:\n%s", line, out)
			}
		}
	})
}

// TestDeletionsInDockerfiles stands on Dockerfiles that make names which a layer takes for
// deletions, and on one that really deletes.
func TestDeletionsInDockerfiles(t *testing.T) {
	h := house.New(t)
	for name, file := range map[string]string{
		"by a command":   "FROM {base}\nRUN echo x > /etc/.wh.passwd\n",
		"copied":         "FROM {base}\nCOPY strata.yaml /etc/.wh.passwd\n",
		"of a directory": "FROM {base}\nRUN mkdir /etc/.wh.passwd\n",
		"on scratch":     "FROM scratch\nCOPY strata.yaml /etc/.wh.passwd\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: target:below\ntargets:\n  below: {from: dockerfile:Dockerfile}\n-- Dockerfile --\n"+file)
			h.Each(t, func(t *testing.T, w house.Way) {
				out, err := w.Build(house.Flags(dir)...)
				if err == nil {
					t.Error("it is built")
				}
				house.Contains(t, out, `strata.yaml:4:17: dockerfile:Dockerfile has "/etc/.wh.passwd": names that begin with .wh. mean deletions in an image's layer; rename it in the Dockerfile`)
			})
		})
	}
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: dockerfile:Dockerfile\n-- Dockerfile --\nFROM {base}\nRUN rm /etc/passwd && mkdir /etc/passwd && echo > /etc/passwd/new\n")
	h.Each(t, func(t *testing.T, w house.Way) { w.Must(t, house.Flags(dir)...) })
}
