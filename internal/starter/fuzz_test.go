// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/llb/spec"
)

// FuzzWrite gives every template any files: it writes a build file that can be read, or
// says why it can't.
func FuzzWrite(f *testing.F) {
	files, err := filepath.Glob("testdata/projects/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("-- package.json --\n{\"main\": \"a b: #$x\\n\\u0001.js\", \"scripts\": {\"start\": \"node ${X} '\"}}\n-- $a [b] --\n"))
	f.Add([]byte("-- go.mod --\nmodule a\n-- a b'c/main.go --\npackage main\n//go:embed $x\n"))
	f.Add([]byte("-- go.mod --\nmodule a\n-- a\x7f\u0085\u009b\ufeff\u2028\uffff/main.go --\npackage main\n"))
	f.Add([]byte("-- package.json --\n{\"main\": \"a\x7f\u0085\u009b\ufeff\u2028\uffff.js\"}\n-- a\x7f.js --\n"))
	f.Add([]byte("-- pom.xml --\n<project><artifactId>a$b</artifactId><version>1</version></project>\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		project := txtar.Parse(data)
		fsys, err := txtar.FS(project)
		if err != nil || slices.ContainsFunc(project.Files, noName) {
			return
		}
		for _, template := range Templates() {
			d, err := template.Write(fsys, "a b")
			if err != nil {
				continue
			}
			if _, err := spec.Parse("strata.yaml", d.BuildFile); err != nil {
				t.Errorf("template %s: %v\n%s", template.Name, err, d.BuildFile)
			}
		}
	})
}

// noName reports whether a file can't be called so.
func noName(f txtar.File) bool { return strings.Contains(f.Name, "\x00") }
