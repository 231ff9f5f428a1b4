// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/convert/dockerfile"
	"github.com/strata-build/strata/llb/spec"
)

// FuzzConvert holds the converter to what it says: what it doesn't refuse is a build file
// that the parser takes, written the same each time, and a line that it names is there.
func FuzzConvert(f *testing.F) {
	for _, text := range dockerfiles(f) {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, faithful bool) { whole(t, data, faithful) })
}

// TestBuildKitsOwn converts all Dockerfiles that BuildKit tests its parser and its frontend
// with, good and bad ones.
func TestBuildKitsOwn(t *testing.T) {
	all := buildkits(t)
	if len(all) < 500 {
		t.Fatalf("only %d Dockerfiles", len(all))
	}
	made := 0
	for _, text := range all {
		for _, faithful := range []bool{true, false} {
			if whole(t, text, faithful) {
				made++
			}
		}
	}
	t.Logf("%d Dockerfiles, converted in two ways: %d build files, the others refused", len(all), made)
	if made < len(all) {
		t.Errorf("only %d of %d conversions gave a build file", made, 2*len(all))
	}
}

// whole converts a text and looks at what comes of it; it reports whether there is a
// build file.
func whole(t *testing.T, data []byte, faithful bool) bool {
	t.Helper()
	o := dockerfile.Options{Faithful: faithful}
	r, err := dockerfile.Convert(data, o)
	if err != nil {
		return false
	}
	text := r.BuildFile
	again, err := dockerfile.Convert(data, o)
	if err != nil {
		t.Fatal(err)
	}
	if string(again.BuildFile) != string(text) {
		t.Errorf("written otherwise the second time:\n%s\n%s", text, again.BuildFile)
	}
	if _, err := spec.Parse("strata.yaml", text); err != nil {
		t.Errorf("not a build file: %v\n%s\n%s", err, data, text)
	}
	lines := strings.Count(string(data), "\n") + 1
	for _, n := range r.Notes {
		if n.Line < 0 || n.Line > lines {
			t.Errorf("a note on line %d of %d: %q", n.Line, lines, n.Text)
		}
	}
	return true
}

// dockerfiles are those of this package's tests and of BuildKit's.
func dockerfiles(tb testing.TB) [][]byte {
	tb.Helper()
	out := buildkits(tb)
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range a.Files {
			if f.Name == "Dockerfile" {
				out = append(out, f.Data)
			}
		}
	}
	return out
}

// buildkits are the Dockerfiles in the module of BuildKit: the files that its parser is
// tested with, and the texts in the tests of its Dockerfile frontend.
func buildkits(tb testing.TB) [][]byte {
	tb.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		tb.Fatalf("find BuildKit's module: %v", err)
	}
	var out [][]byte
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(dir)), "frontend", "dockerfile"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		isTest := strings.HasSuffix(p, "_test.go")
		if !isTest && d.Name() != "Dockerfile" {
			return nil
		}
		data, err := os.ReadFile(p)
		if err == nil && isTest {
			var texts [][]byte
			texts, err = literals(data)
			out = append(out, texts...)
		} else {
			out = append(out, data)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// literals are the texts in a Go file that name a base.
func literals(source []byte) ([][]byte, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(strings.ToUpper(text), "FROM ") {
			out = append(out, []byte(text))
		}
		return true
	})
	return out, nil
}
