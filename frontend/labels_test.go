// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
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
	h := house.New(t)
	dir := h.Project(t, labelled)
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--label", "both=from-flag", "--label", "flag=a=b")...)
		house.Want(t, "the labels", fmt.Sprint(house.Dig(house.Raw(t, h, name, "--config"), "config", "Labels")),
			"map[both:from-flag file:1 flag:a=b]")
	})
}

// TestAnnotations shows the annotations of the build file and of the command
// line on the manifest, for one platform and for several. Where both have one of
// a name, BuildKit's exporters take the build file's.
func TestAnnotations(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, labelled)
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--annotation", "both=from-flag", "--annotation", "flag=x")...)
		house.Want(t, "the annotations", fmt.Sprint(house.Raw(t, h, name)["annotations"]), "map[both:from-file file:v1 flag:x]")

		name = w.Image(t, h, "", house.Flags(dir, "--platform", "linux/amd64,linux/arm64",
			"--annotation", "index:top=y", "--annotation", "manifest[linux/arm64]:flag=z")...)
		index := house.Raw(t, h, name)
		house.Want(t, "the index's annotations", fmt.Sprint(index["annotations"]), "map[top:y]")
		repository, _, _ := strings.Cut(name, ":")
		for _, m := range index["manifests"].([]any) {
			wanted := "map[both:from-file file:v1]"
			if house.Dig(m, "platform", "architecture") == "arm64" {
				wanted = "map[both:from-file file:v1 flag:z]"
			}
			got := house.Raw(t, h, repository+"@"+house.Dig(m, "digest").(string))["annotations"]
			house.Want(t, "the annotations", fmt.Sprint(got), wanted)
		}
	})
}
