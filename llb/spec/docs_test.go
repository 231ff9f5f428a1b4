// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/spec"
)

// pages are the texts that show build files.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no docs: %v", err)
	}
	texts := map[string]string{}
	for _, file := range append(files, "../../README.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(data)
	}
	return texts
}

// TestDocsExamples parses every build file that the docs show.
func TestDocsExamples(t *testing.T) {
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	found := 0
	for file, text := range pages(t) {
		for _, m := range block.FindAllStringSubmatchIndex(text, -1) {
			found++
			line := strings.Count(text[:m[2]], "\n") + 1
			if _, err := spec.Parse("strata.yaml", []byte(text[m[2]:m[3]])); err != nil {
				t.Errorf("%s:%d: the example is not a build file: %v", file, line, err)
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d examples in the docs", found)
	}
}

// TestDocsKeys looks for every key of the build file in its reference.
func TestDocsKeys(t *testing.T) {
	text := pages(t)["../../docs/build-file.md"]
	var schema any
	if err := json.Unmarshal(spec.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var names []string
	keys(schema, &names)
	if !slices.Contains(names, "start_interval") {
		t.Fatalf("the schema's keys are %v", names)
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/build-file.md does not mention the key %q", name)
		}
	}
}

// keys collects the names of a schema's properties.
func keys(schema any, into *[]string) {
	switch s := schema.(type) {
	case map[string]any:
		for key, value := range s {
			properties, ok := value.(map[string]any)
			if key == "properties" && ok {
				for name := range properties {
					*into = append(*into, name)
				}
			}
			keys(value, into)
		}
	case []any:
		for _, item := range s {
			keys(item, into)
		}
	}
}

// TestDocsTests looks for each test, and each file of tests, that the docs name as what
// shows something: they have two for each line at least.
func TestDocsTests(t *testing.T) {
	var all strings.Builder
	err := filepath.WalkDir("../..", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		data, err := os.ReadFile(file)
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+|[a-z/_-]+/testdata/[^`]+|testdata/[^`]+)`")
	rows := 0
	for line := range strings.Lines(pages(t)["../../docs/images.md"]) {
		found := named.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "`Test") || strings.Contains(line, "testdata/") {
			rows++
			if len(found) < 2 {
				t.Errorf("not two tests: %s", line)
			}
		}
		for _, m := range found {
			if strings.HasPrefix(m[1], "Test") {
				if !strings.Contains(all.String(), "func "+m[1]+"(") {
					t.Errorf("there is no %s", m[1])
				}
			} else if _, err := os.Stat("../../" + m[1]); err != nil {
				t.Error(err)
			}
		}
	}
	if rows != 24 {
		t.Errorf("found %d rows, want 24", rows)
	}
}
