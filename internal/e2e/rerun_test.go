// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/testenv"
)

// service has merged layers of both kinds; what its command runs in is not the
// image's base.
const service = `args: {BASE: null, TOOLS: null}
from: $BASE
layers:
  - name: page
    files: [{dest: /srv/www/index.html, source: index.html}]
  - name: settings
    files:
      - {dest: /lib/service/settings, source: settings}
      - {dest: /tmp/seed, content: x}
  - name: program
    build:
      from: $TOOLS
      source: program
      run: |
        mkdir -p $out/bin $out/srv/app/data/deep $out/tmp
        cp main $out/bin/service
        echo seed > $out/srv/app/data/deep/seed
        echo seed > $out/tmp/program
      owner: "7:8"
`

// TestRerun changes one thing at a time and looks at what runs again and which
// layers of the image are new.
func TestRerun(t *testing.T) {
	h := newHouse(t)
	h.daemon = testenv.Buildkitd(t, testenv.DaemonOptions{})
	tools := testenv.BusyboxImage(t, h.registry, "tools:1", testenv.BusyboxTweaks{Release: "tools\n"})
	dir := directory(t, map[string]string{
		"strata.yaml": service, "index.html": "<p>one", "settings": "one", "program/main": "one", "unused": "one",
	})
	make := func(t *testing.T, tag string) (steps, layers []string) {
		got := h.mustBuild(t, "--progress=rawjson", "--build-arg", "TOOLS="+tools, "--push", "-t", h.registry.Host+"/service:"+tag, dir)
		return ran(t, got.Stderr), h.layers(t, "service:"+tag)
	}
	before, old := make(t, "first")
	if len(before) < 5 {
		t.Fatalf("the first build ran only %v", before)
	}
	for i, test := range []struct {
		change, file string
		steps        []string
		layer        int // the layer that is new; 0 for none
	}{
		{"nothing", "", nil, 0},
		{"a file that nothing uses", "unused", nil, 0},
		{"the page", "index.html", []string{"[1/3] page: files /srv/www/index.html"}, 1},
		{"the settings", "settings", []string{"[2/3] settings: files /lib/service/settings, /tmp/seed"}, 2},
		{"the program", "program/main", []string{"[3/3] program: build cp main $out/bin/service", "place what program made"}, 3},
	} {
		t.Run(test.change, func(t *testing.T) {
			if test.file != "" {
				write(t, filepath.Join(dir, test.file), "two")
			}
			steps, layers := make(t, fmt.Sprint("change-", i))
			if !slices.Equal(steps, test.steps) {
				t.Errorf("ran %q, want %q", steps, test.steps)
			}
			for i := range layers {
				if isNew := layers[i] != old[i]; isNew != (i == test.layer && i > 0) {
					t.Errorf("layer %d is new: %v", i, isNew)
				}
			}
			old = layers
		})
	}
	t.Run("a new base", func(t *testing.T) {
		h.base = testenv.BusyboxImage(t, h.registry, "base:2", testenv.BusyboxTweaks{Release: "2\n"})
		steps, layers := make(t, "rebased")
		for _, step := range steps {
			if step != "[internal] look at the base's directories" {
				t.Errorf("a new base with the same directories ran %q again", step)
			}
		}
		if layers[0] == old[0] || !slices.Equal(layers[1:], old[1:]) {
			t.Errorf("the layers were %v and are %v, want a new base and nothing else", old, layers)
		}
	})
	t.Run("files", func(t *testing.T) { checkDirs(t, h) })
}

// ran are the steps that were really run, by the daemon's raw progress: those
// whose last word is that they ended without having been in the cache. A step
// without inputs says so once more before, when its cache key is made. Reading
// the context, looking for images, pulling them, naming layers as one image
// (a merge touches no file) and exporting are no steps.
func ran(t *testing.T, progress string) []string {
	t.Helper()
	names := map[string]string{}
	starts := map[string][]time.Time{}
	for line := range strings.Lines(progress) {
		var status client.SolveStatus
		if err := json.Unmarshal([]byte(line), &status); err != nil {
			t.Fatalf("read progress %q: %v", line, err)
		}
		for _, v := range status.Vertexes {
			id := v.Digest.String()
			if v.Started != nil && !slices.ContainsFunc(starts[id], v.Started.Equal) {
				starts[id] = append(starts[id], *v.Started)
			}
			delete(names, id)
			if v.Completed != nil && !v.Cached && !isOutside(v.Name) && (len(v.Inputs) > 0 || len(starts[id]) > 1) {
				names[id] = v.Name
			}
		}
	}
	return slices.Sorted(maps.Values(names))
}

// isOutside reports whether a vertex is not a step of the build itself.
func isOutside(name string) bool {
	for _, prefix := range []string{"[internal] load ", "[base] ", "merge the layers", "exporting ", "pushing "} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// layers are the digests of an image's layers.
func (h *house) layers(t *testing.T, repository string) []string {
	t.Helper()
	var m v1.Manifest
	text := testenv.Output(t, "crane", "manifest", "--insecure", h.registry.Host+"/"+repository)
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, l := range m.Layers {
		digests = append(digests, l.Digest.String())
	}
	return digests
}

// checkDirs unpacks the service and looks at the directories that were the base's.
func checkDirs(t *testing.T, h *house) {
	layout := filepath.Join(t.TempDir(), "layout")
	testenv.Output(t, "skopeo", "copy", "--src-tls-verify=false", "--override-arch", "amd64",
		"docker://"+h.registry.Host+"/service:rebased", "oci:"+layout+":1")
	root := unpackLayout(t, layout, "1")
	for path, want := range map[string]string{
		"bin": "symbolic link 777 0:0", "lib": "symbolic link 777 0:0", "tmp": "directory 1777 0:0", "root": "directory 700 0:0",
		"srv/app": "directory 755 1000:1000", "srv/app/data": "directory 755 7:8", "srv/app/data/deep/seed": "regular file 644 7:8",
		"usr/bin": "directory 755 0:0", "usr/bin/service": "regular file 644 7:8", "usr/lib/service": "directory 755 0:0",
	} {
		got := strings.TrimSpace(testenv.Output(t, "stat", "-c", "%F %a %u:%g", filepath.Join(root, path)))
		if got != want {
			t.Errorf("/%s is a %s, want a %s", path, got, want)
		}
	}
}
