// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package editor shows what an editor with yaml-language-server says of build files.
package editor

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/spec"
)

var update = flag.Bool("update", false, "write what the language server says into testdata")

func TestMain(m *testing.M) { testenv.Main(m) }

// modeline is the line that names the schema, for a schema in a file of the test.
func modeline(t *testing.T) string {
	t.Helper()
	file := filepath.Join(testenv.Dir(t), "strata.schema.json")
	if err := os.WriteFile(file, spec.Schema(), 0o644); err != nil {
		t.Fatal(err)
	}
	return "# yaml-language-server: $schema=file://" + file + "\n"
}

// TestEditorShowsFaults holds what the language server says of build files with faults to
// what stands beside them: a line for each, with its place. The parser refuses
// each build file, too, or a build does once its arguments are known.
func TestEditorShowsFaults(t *testing.T) {
	line := modeline(t)
	s := startServer(t)
	archive, err := txtar.ParseFile("testdata/faults.txtar")
	if err != nil {
		t.Fatal(err)
	}
	source := func(f txtar.File) string {
		text, _, _ := strings.Cut(string(f.Data), "\n=>\n")
		return strings.TrimSuffix(text, "\n") + "\n"
	}
	for _, f := range archive.Files {
		s.open("file:///"+f.Name+".yaml", line+source(f))
	}
	for i, f := range archive.Files {
		text := source(f)
		if _, err := spec.Parse("strata.yaml", []byte(text)); err == nil && !strings.Contains(text, "$") {
			t.Errorf("%s: the parser takes it", f.Name)
		}
		var said []string
		for _, d := range s.problems("file:///" + f.Name + ".yaml") {
			said = append(said, fmt.Sprintf("%d:%d: %s", d.Range.Start.Line, d.Range.Start.Character+1, d.Message))
		}
		got := text + "=>\n" + strings.Join(said, "\n") + "\n"
		if len(said) != 1 {
			t.Errorf("%s: %d messages", f.Name, len(said))
		}
		if *update {
			archive.Files[i].Data = []byte(got)
			continue
		}
		if diff := cmp.Diff(string(f.Data), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/faults.txtar", txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEditorTakesGoodFiles gives the language server every build file of the documents,
// of the parser's tests, of the cases and of first build files: it says nothing.
func TestEditorTakesGoodFiles(t *testing.T) {
	line := modeline(t)
	s := startServer(t)
	files := goodFiles(t)
	if len(files) < 80 {
		t.Fatalf("there are %d build files", len(files))
	}
	opened := map[string]string{}
	for _, f := range files {
		text := regexp.MustCompile(`(?m)^# yaml-language-server:.*\n`).ReplaceAllString(string(f.Data), "")
		if _, err := spec.Parse(f.Name, []byte(text)); err != nil {
			continue // an excerpt
		}
		uri := "file:///" + f.Name + ".yaml"
		s.open(uri, line+text)
		opened[uri] = f.Name
	}
	for uri, name := range opened {
		for _, d := range s.problems(uri) {
			t.Errorf("%s:%d:%d: %s", name, d.Range.Start.Line, d.Range.Start.Character+1, d.Message)
		}
	}
}

// goodFiles are build files of this repository.
func goodFiles(t *testing.T) []txtar.File {
	t.Helper()
	root := testenv.Root(t)
	var all []txtar.File
	read := func(pattern string, split func(name string, data []byte) []txtar.File) {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files: %v", pattern, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, split(filepath.Base(file), data)...)
		}
	}
	read("llb/spec/testdata/good/*.yaml", func(name string, data []byte) []txtar.File {
		return []txtar.File{{Name: name, Data: data}}
	})
	read("internal/e2e/editor/testdata/arguments.yaml", func(name string, data []byte) []txtar.File {
		return []txtar.File{{Name: name, Data: data}}
	})
	archived := func(name string, data []byte) []txtar.File {
		files := slices.DeleteFunc(txtar.Parse(data).Files, func(f txtar.File) bool { return f.Name != "strata.yaml" })
		for i := range files {
			files[i].Name = name
		}
		return files
	}
	read("testdata/cases/*.txtar", archived)
	read("internal/starter/testdata/projects/*.txtar", archived)
	read("docs/*.md", func(name string, data []byte) []txtar.File {
		var files []txtar.File
		for i, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllSubmatch(data, -1) {
			files = append(files, txtar.File{Name: fmt.Sprintf("%s-%d", name, i), Data: m[1]})
		}
		return files
	})
	return all
}

// TestEditorCompletes asks for what may stand at places of a build file.
func TestEditorCompletes(t *testing.T) {
	line := modeline(t)
	s := startServer(t)
	for i, c := range []struct {
		text  string // with the cursor at |
		wants []string
	}{
		{"lay|", []string{"layers"}},
		{"layers:\n  - |", []string{"packages", "files", "build", "derivation"}},
		{"layers:\n  - files:\n      - dest: /x\n        |", []string{"content", "source", "symlink", "mode"}},
		{"layers:\n  - build:\n      network: |", []string{"none", "default", "host"}},
		{"layers:\n  - build:\n      cache: [|]", []string{"npm", "go", "cargo"}},
		{"tests:\n  - |", []string{"run", "http", "start"}},
	} {
		before, after, _ := strings.Cut(c.text, "|")
		uri := fmt.Sprintf("file:///complete-%d.yaml", i)
		s.open(uri, line+before+after)
		s.problems(uri)
		lines := strings.Split(line+before, "\n")
		result := s.ask("textDocument/completion", map[string]any{
			"textDocument": map[string]any{"uri": uri},
			"position":     position{len(lines) - 1, len(lines[len(lines)-1])},
		})
		var list struct {
			Items []struct {
				Label string `json:"label"`
			} `json:"items"`
		}
		if err := json.Unmarshal(result, &list); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.wants {
			found := false
			for _, item := range list.Items {
				found = found || item.Label == want
			}
			if !found {
				t.Errorf("%q: %s isn't among %v", c.text, want, list.Items)
			}
		}
	}
}
