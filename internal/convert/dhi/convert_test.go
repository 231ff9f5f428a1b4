// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/convert/dhi"
	"github.com/strata-build/strata/llb/spec"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

// TestGolden converts the definition of each archive in testdata.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, notes := convert(t, a.Files[0].Data)
			out := &txtar.Archive{Comment: a.Comment, Files: []txtar.File{a.Files[0], {Name: "strata.yaml", Data: text}, {Name: "notes", Data: notes}}}
			got := txtar.Format(out)
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(txtar.Format(a)), string(got)); diff != "" {
				t.Errorf("differs from %s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// convert is a build file and the notes on it. It must be one that the parser takes.
func convert(t *testing.T, data []byte) (text, notes []byte) {
	t.Helper()
	if !dhi.Is(data) {
		t.Error("is not taken for a definition")
	}
	made, err := dhi.Convert(data)
	if err != nil {
		return nil, []byte(err.Error() + "\n")
	}
	if text, err = made.File.Bytes(); err != nil {
		t.Fatal(err)
	}
	if _, err := spec.Parse("strata.yaml", text); err != nil {
		t.Errorf("not a build file: %v\n%s", err, text)
	}
	var list bytes.Buffer
	for _, n := range made.Notes {
		fmt.Fprintf(&list, "%d: %s: %s\n", n.Line, n.Kind, n.Text)
	}
	return text, list.Bytes()
}

// FuzzConvert converts anything: what comes of it must be a text that YAML can read
// again, and no note may lack its line.
func FuzzConvert(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		made, err := dhi.Convert(data)
		if err != nil {
			return
		}
		for _, n := range made.Notes {
			if n.Text == "" || n.Line < 0 {
				t.Errorf("an empty note at line %d", n.Line)
			}
		}
		text, err := made.File.Bytes()
		if err != nil {
			return // it has what YAML can't hold, and says where
		}
		if err := yaml.Unmarshal(text, &yaml.Node{}); err != nil {
			t.Errorf("not YAML: %v\n%s", err, text)
		}
	})
}
