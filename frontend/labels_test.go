// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"strings"
	"testing"
)

const labelled = `
-- strata.yaml --
{syntax}
args: {VERSION: "1"}
layers: [{files: [{dest: /a, content: a}]}]
config: {labels: {file: "1", both: from-file}}
annotations: {file: "v$VERSION", both: from-file}
`

// TestLabels shows that labels of the command line go over the build file's.
func TestLabels(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, labelled)
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir, "--label", "both=from-flag", "--label", "flag=a=b")...)
		want(t, "the labels", fmt.Sprint(dig(raw(t, h, name, "--config"), "config", "Labels")),
			"map[both:from-flag file:1 flag:a=b]")
	})
}

// TestAnnotations shows the annotations of the build file and of the command
// line on the manifest, for one platform and for several. Where both have one of
// a name, BuildKit's exporters take the build file's.
func TestAnnotations(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, labelled)
	h.each(t, func(t *testing.T, w way) {
		name := w.image(t, h, "", flags(dir, "--annotation", "both=from-flag", "--annotation", "flag=x")...)
		want(t, "the annotations", fmt.Sprint(raw(t, h, name)["annotations"]), "map[both:from-file file:v1 flag:x]")

		name = w.image(t, h, "", flags(dir, "--platform", "linux/amd64,linux/arm64",
			"--annotation", "index:top=y", "--annotation", "manifest[linux/arm64]:flag=z")...)
		index := raw(t, h, name)
		want(t, "the index's annotations", fmt.Sprint(index["annotations"]), "map[top:y]")
		repository, _, _ := strings.Cut(name, ":")
		for _, m := range index["manifests"].([]any) {
			wanted := "map[both:from-file file:v1]"
			if dig(m, "platform", "architecture") == "arm64" {
				wanted = "map[both:from-file file:v1 flag:z]"
			}
			got := raw(t, h, repository+"@"+dig(m, "digest").(string))["annotations"]
			want(t, "the annotations", fmt.Sprint(got), wanted)
		}
	})
}
