// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/strata-build/strata/internal/testenv/house"
)

// TestSelectedSources has builds run again when what they select of the context changes,
// and not for anything else, of which nothing is sent.
func TestSelectedSources(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
layers:
  - name: modules
    build:
      from: {base}
      workdir: /srv/app
      source: [deps.txt, deps.lock]
      run: mkdir modules && cat deps.* notes > modules/all
      outputs: [/srv/app/modules]
  - name: program
    build:
      from: {base}
      source: {path: ., include: ["**/*.go", deps.txt], exclude: [big]}
      run: find . -type f | sort > /found
      outputs: [{source: /found, dest: /out/}]
-- deps.txt --
deps
-- deps.lock --
lock
-- main.go --
package main
-- pkg/a.go --
package a
-- pkg/a.txt --
text
`)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	for _, name := range []string{"big/x.go", "README"} {
		house.Write(t, filepath.Join(dir, name), big)
	}
	for _, w := range h.Ways() {
		t.Run(w.Name, func(t *testing.T) {
			house.Write(t, filepath.Join(dir, "main.go"), []byte("package main // "+w.Name+"\n"))
			out := w.Must(t, house.Flags(dir)...)
			sent := regexp.MustCompile(`transferring context: [\d.]+ ?(k?B|[MG]B)`).FindAllStringSubmatch(out, -1)
			if len(sent) == 0 {
				t.Errorf("nothing tells what is sent:\n%s", out)
			}
			for _, m := range sent {
				if m[1] == "MB" || m[1] == "GB" {
					t.Errorf("what isn't selected is sent: %s", m[0])
				}
			}
			for _, c := range []struct {
				change           string
				modules, program bool
			}{
				{"README", true, true},
				{"pkg/a.txt", true, true},
				{"big/x.go", true, true},
				{"pkg/a.go", true, false},
				{"deps.lock", false, true},
			} {
				house.Write(t, filepath.Join(dir, c.change), []byte(w.Name+c.change))
				out := w.Must(t, house.Flags(dir)...)
				if got := house.Cached(t, out, "modules: build"); got != c.modules {
					t.Errorf("after a change of %s the modules are cached: %v", c.change, got)
				}
				if got := house.Cached(t, out, "program: build"); got != c.program {
					t.Errorf("after a change of %s the program is cached: %v", c.change, got)
				}
			}
		})
	}
}
