// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestDeletionsInDirectories takes directories in the place of images: a name in them that
// means a deletion in a layer is refused with a cache from elsewhere and without, in what
// is copied and in what an image stands on.
func TestDeletionsInDirectories(t *testing.T) {
	h := house.New(t)
	const ref = "registry.example.org/replaced:1"
	for name, tc := range map[string]struct{ file, want string }{
		"copied":             {"layers:\n  - files: [{dest: /x, from: \"" + ref + "\", source: etc}]\n", `:3:13: a source has "/x/.wh.passwd"`},
		"a base":             {"from: \"" + ref + "\"\n", `:2:7: ` + ref + ` has "/etc/.wh.passwd"`},
		"a context":          {"from: context:root\nlayers: [{files: [{dest: /a, content: a}]}]\n", `:2:7: context:root has "/etc/.wh.passwd"`},
		"a target":           {"from: target:below\ntargets:\n  below: {from: \"" + ref + "\", layers: [{files: [{dest: /a, content: a}]}]}\n", `:4:17: ` + ref + ` has "/etc/.wh.passwd"`},
		"copied from target": {"layers:\n  - files: [{dest: /x, from: target:below, source: etc}]\ntargets: {below: {from: \"" + ref + "\"}}\n", `has "/etc/.wh.passwd"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+tc.file+"-- root/etc/.wh.passwd --\n-- root/etc/other --\n")
			root := filepath.Join(dir, "root")
			for _, more := range [][]string{nil, {"--cache-from", "type=registry,ref=127.0.0.1:1/none:1"}} {
				h.Each(t, func(t *testing.T, w house.Way) {
					out, err := w.Build(house.Flags(dir, append(more, "--build-context", "root="+root, "--build-context", ref+"="+root, "-o", t.TempDir())...)...)
					if err == nil {
						t.Error("it is built")
					}
					house.Contains(t, out, tc.want, "names that begin with .wh. mean deletions")
				})
			}
		})
	}
}

// TestDeletionsInTheContext takes several layers from a build context that has a name which
// means a deletion: the layer that has it is refused at its line, and none where all leave
// it out.
func TestDeletionsInTheContext(t *testing.T) {
	h := house.New(t)
	const tree = "-- src/a/.wh.passwd --\n-- src/a/other --\n-- src/b/other --\n"
	var dirs strings.Builder // more than are listed one by one
	for i := range 12 {
		fmt.Fprintf(&dirs, "-- src/c/%d/other --\n", i)
	}
	for name, tc := range map[string]struct{ layers, more, want string }{
		"one":      {"  - files: [{dest: /x, source: src/a}]\n", "", `:3:13: a source has "/x/.wh.passwd"`},
		"several":  {"  - files: [{dest: /x, source: src/b}]\n  - files: [{dest: /y, source: src/a}]\n", "", `:4:13: a source has "/y/.wh.passwd"`},
		"left out": {"  - files: [{dest: /x, source: src/b}]\n  - files: [{dest: /y, source: src/a, exclude: [\"**/.wh.*\"]}]\n  - files: [{dest: /z, source: src/a/other}]\n", "", ""},
		"below":    {"  - files: [{dest: /x, source: src/c}]\n", "-- src/c/1/2/3/.wh.passwd --\n", `:3:13: a source has "/x/1/2/3/.wh.passwd"`},
		"far down": {"  - files: [{dest: /x, source: src/c}]\n", dirs.String() + "-- src/c/9/8/.wh.passwd --\n", `:3:13: a source has "/x/9/8/.wh.passwd"`},
		"nowhere":  {"  - files: [{dest: /x, source: src/c}]\n", dirs.String(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers:\n"+tc.layers+tree+tc.more)
			for _, more := range [][]string{nil, {"--cache-from", "type=registry,ref=127.0.0.1:1/none:1"}} {
				h.Each(t, func(t *testing.T, w house.Way) {
					out, err := w.Build(house.Flags(dir, append(more, "-o", t.TempDir())...)...)
					if (err == nil) != (tc.want == "") {
						t.Errorf("it ends with %v:\n%s", err, out)
					}
					house.Contains(t, out, tc.want)
				})
			}
		})
	}
}
