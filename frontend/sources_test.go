// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"
)

// TestSelectedSources has builds run again when what they select of the context changes,
// and not for anything else, of which nothing is sent.
func TestSelectedSources(t *testing.T) {
	h := newHouse(t)
	dir := h.project(t, `
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
		write(t, filepath.Join(dir, name), big)
	}
	for _, w := range h.ways() {
		t.Run(w.name, func(t *testing.T) {
			write(t, filepath.Join(dir, "main.go"), []byte("package main // "+w.name+"\n"))
			out := w.must(t, flags(dir)...)
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
				write(t, filepath.Join(dir, c.change), []byte(w.name+c.change))
				out := w.must(t, flags(dir)...)
				if got := cached(t, out, "modules: build"); got != c.modules {
					t.Errorf("after a change of %s the modules are cached: %v", c.change, got)
				}
				if got := cached(t, out, "program: build"); got != c.program {
					t.Errorf("after a change of %s the program is cached: %v", c.change, got)
				}
			}
		})
	}
}
