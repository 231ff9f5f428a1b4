// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/convert/dockerfile"
	"github.com/strata-build/strata/llb/spec"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

// TestGolden converts the Dockerfile of each archive in testdata, faithfully and as
// people write build files. An archive's files below context/ are the build context.
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
			golden(t, file, a)
		})
	}
}

func golden(t *testing.T, file string, a *txtar.Archive) {
	out := &txtar.Archive{Comment: a.Comment}
	var data []byte
	context := fstest.MapFS{}
	for _, f := range a.Files {
		name, isContext := strings.CutPrefix(f.Name, "context/")
		switch {
		case f.Name == "Dockerfile":
			data = f.Data
		case isContext:
			context[name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		default:
			continue
		}
		out.Files = append(out.Files, f)
	}
	for _, faithful := range []bool{true, false} {
		o := dockerfile.Options{Faithful: faithful}
		if len(context) > 0 {
			o.Context = fs.FS(context)
		}
		name := "idiomatic"
		if faithful {
			name = "faithful"
		}
		text, notes := convert(t, data, o)
		out.Files = append(out.Files, txtar.File{Name: name + ".yaml", Data: text})
		if notes != "" {
			out.Files = append(out.Files, txtar.File{Name: name + ".notes", Data: []byte(notes)})
		}
	}
	got := txtar.Format(out)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(txtar.Format(a)), string(got)); diff != "" && !*update {
		t.Errorf("differs from %s (-want +got):\n%s", file, diff)
	}
}

// convert is a build file and the notes on it. It must be one that the parser takes.
func convert(t *testing.T, data []byte, o dockerfile.Options) ([]byte, string) {
	t.Helper()
	r, err := dockerfile.Convert(data, o)
	if err != nil {
		return nil, err.Error() + "\n"
	}
	text, err := r.File.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spec.Parse("strata.yaml", text); err != nil {
		t.Errorf("not a build file: %v\n%s", err, text)
	}
	var notes bytes.Buffer
	for _, n := range r.Notes {
		fmt.Fprintf(&notes, "%d: %s: %s\n", n.Line, n.Kind, n.Text)
	}
	return text, notes.String()
}
