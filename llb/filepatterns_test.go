// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/strata-build/strata/llb"
)

// TestFilesWithPatterns takes files with patterns, which are about what is in directories.
func TestFilesWithPatterns(t *testing.T) {
	wantFiles(t, `{dest: /one, source: tool, exclude: ["*.md"]}, {dest: /all/, source: [tool, src], exclude: ["*.md"]}, {dest: /in/, source: tool, exclude: ["*.go"]}, {dest: /dir, source: src, include: ["*.go"]}`,
		`d /all;d /all/src;f /all/src/main.go "main";f /all/tool "tool";d /dir;f /dir/main.go "main";d /in;f /in/tool "tool";f /one "tool";`)
}

// TestMountsOfUsers mounts what a user can write to: a file as a file, and directories that
// belong to the user themselves.
func TestMountsOfUsers(t *testing.T) {
	var text bytes.Buffer
	if err := llb.Dump(&text, graph(t, []byte(`args: {BASE: null}
from: $BASE
layers:
  - build:
      user: "7:8"
      workdir: /w
      source: {path: ., include: [src]}
      mounts:
        - {target: /file, source: settings, writable: true}
        - {target: /some, source: tree, include: ["*.go"], writable: true}
        - {target: /read, source: tree, include: ["*.go"]}
      run: "true"
`), false)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`copy / from \d+ to /src 7:8 mode go=u-w include src`, `mount /w from \d+/src\b`,
		`copy /settings from \d+ to /src 7:8 mode go=u-w\n`, `mount /file from \d+/src\b`,
		`copy /tree from \d+ to /src/ 7:8 mode go=u-w include`, `mount /some from \d+/src\b`,
		`copy /tree from \d+ to / mode go=u-w include`, `mount /read from \d+ `,
	} {
		if !regexp.MustCompile(want).MatchString(text.String()) {
			t.Errorf("there is no %s in\n%s", want, text.String())
		}
	}
}
