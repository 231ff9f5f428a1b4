// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestCheckFindsWhatBuildsFind checks and builds what fails before anything runs: both say
// the same, and nothing is sent for a check but names.
func TestCheckFindsWhatBuildsFind(t *testing.T) {
	h := house.New(t)
	megabyte := make([]byte, 5<<20)
	fault := regexp.MustCompile(`(?m)^strata: (?:failed to solve: )?(strata\.yaml:\d+:\d+: [^\n]+)`)
	for name, layers := range map[string]string{
		"empty version":            "from: \"{base}\"\nlayers: [{packages: [\"jq=\"]}]\n",
		"empty version of apk":     "layers: [{packages: {names: [\"jq~\"], repositories: [{type: apk, uri: \"http://127.0.0.1:1/\", signed_by: there/file}]}}]\n",
		"source":                   "from: \"{base}\"\nlayers: [{files: [{dest: /x, source: no/such}]}]\n",
		"misspelt source":          "layers: [{files: [{dest: /x, source: therre/file}]}]\n",
		"pattern":                  "layers: [{files: [{dest: /x/, source: \"*.nothing\"}]}]\n",
		"dangling":                 "layers: [{files: [{dest: /x, source: dangling}]}]\n",
		"matched and dangling":     "layers: [{files: [{dest: /x/, source: \"dangl*\"}]}]\n",
		"one match dangles":        "layers: [{files: [{dest: /x/, source: \"some/*\"}]}]\n",
		"link in a circle":         "layers: [{files: [{dest: /x, source: some/round}]}]\n",
		"match in a circle":        "layers: [{files: [{dest: /x/, source: \"some/r*\"}]}]\n",
		"source of a build":        "layers: [{build: {from: \"{base}\", source: [there/file, gone], run: \"true\", out: true}}]\n",
		"mount":                    "layers: [{build: {from: \"{base}\", mounts: [{target: /in, source: gone}], run: \"true\", out: true}}]\n",
		"source of a context":      "layers: [{files: [{dest: /x, from: context:more, source: gone}]}]\n",
		"source of a replacement":  "layers: [{files: [{dest: /x, from: \"registry.example.org/more:1\", source: gone}]}]\n",
		"archive":                  "layers: [{files: [{dest: /x, source: gone.tar, extract: true}]}]\n",
		"ignored":                  "layers: [{files: [{dest: /x, source: ignored}]}]\n",
		"link over a directory":    "layers:\n  - files: [{dest: /a, directory: true}]\n  - files: [{dest: /a, symlink: c}]\n",
		"file over a directory":    "layers: [{files: [{dest: /a, directory: true}, {dest: /a, content: x}]}]\n",
		"circle":                   "layers: [{files: [{dest: /a, symlink: b}, {dest: /b, symlink: a}, {dest: /a/c, content: x}]}]\n",
		"root":                     "layers: [{files: [{dest: /, directory: true}]}]\n",
		"escaped pattern":          "layers: [{files: [{dest: /x/, source: \"no\\\\*\"}]}]\n",
		"in a target":              "from: target:t\nlayers: [{files: [{dest: /a, symlink: c}]}]\ntargets: {t: {layers: [{files: [{dest: /a, directory: true}]}]}}\n",
		"key":                      "layers: [{packages: {names: [jq], repositories: [{type: deb, uri: \"http://127.0.0.1:1/\", suites: [x], components: [main], signed_by: gone.asc}]}}]\n",
		"package's file":           "layers: [{packages: {names: [./gone.deb], repositories: [{type: deb, uri: \"http://127.0.0.1:1/\", suites: [x], components: [main], trusted: true}]}}]\n",
		"store without keys":       "layers: [{derivation: {path: /nix/store/00000000000000000000000000000000-x, substituters: [\"http://127.0.0.1:1\"]}}]\n",
		"store from nowhere":       "layers: [{derivation: {path: /nix/store/00000000000000000000000000000000-x}}]\n",
		"store's directory":        "layers: [{derivation: {path: /nix/store/00000000000000000000000000000000-x, store: {source: gone}}}]\n",
		"Dockerfile":               "from: dockerfile:gone\n",
		"stage":                    "layers: [{files: [{dest: /x, from: \"dockerfile:Dockerfile#gone\", source: /a}]}]\n",
		"context":                  "from: context:gone\n",
		"tag":                      "tags: [\"app:$GONE\"]\nlayers: []\n",
		"owner":                    "layers: [{files: [{dest: /x, content: x, owner: nobody}]}]\n",
		"hidden image":             "from: \"{base}\"\nlayers: [{build: {source: there, workdir: /, run: \"true\"}}]\n",
		"too many layers":          "max_layers: 1\nlayers: [{build: {from: \"{base}\", run: \": $out\"}}, {build: {from: \"{base}\", run: \"true\", security: sandbox, out: false}}]\n",
		"no repository":            "layers: [{files: [{dest: /src, git: \"http://127.0.0.1:1/no\"}]}]\n",
		"what is there":            "layers: [{files: [{dest: /x, source: linked/file}, {dest: /y/, source: \"the*/f*\"}, {dest: /z/, source: \"a[b]\"}, {dest: /w, from: context:more, source: /}]}]\n",
		"what matches nothing":     "layers: [{files: [{dest: /x/, source: \"*.nothing\", optional: true}, {dest: /y/, source: \"none/*.nothing\", optional: true}, {dest: /z/, source: \"*.tar\", extract: true, optional: true}]}]\n",
		"what may be in the image": "from: \"{base}\"\nlayers: [{files: [{dest: /bin/new, content: x}, {dest: /w, from: \"{base}\", source: /bin/busybox}]}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+layers+"-- there/file --\n-- Dockerfile --\nFROM scratch AS there\nCOPY there /\n-- ignored --\n-- a[b] --\n-- .dockerignore --\nignored\n-- more/file --\n-- some/file --\n")
			house.Write(t, filepath.Join(dir, "there/large"), megabyte)
			for link, to := range map[string]string{"dangling": "nowhere", "linked": "there", "some/gone": "nowhere", "some/round": "round"} {
				if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			more := []string{"--progress=plain", "--build-context", "more=" + filepath.Join(dir, "more"), "--build-context", "registry.example.org/more:1=" + filepath.Join(dir, "more")}
			built, err := h.Strata(house.Flags(dir, append(more, "-o", "type=cacheonly")...)...)
			want := ""
			if err != nil {
				want = fault.FindStringSubmatch(built + "\nstrata: strata.yaml:0:0: nothing is said")[1]
			}
			if (want == "") != strings.HasPrefix(name, "what ") {
				t.Fatalf("a build says\n%s", built)
			}
			for door, ask := range askers(h) {
				_, all, failed := ask(t, dir, "check", more...)
				if !strings.Contains(all, want) || failed != (want != "") || megabytes.MatchString(all) {
					t.Errorf("%s: want %q, and nothing but names sent\n%s", door, want, all)
				}
			}
		})
	}
}
