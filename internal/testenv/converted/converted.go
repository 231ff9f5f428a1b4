// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package converted holds converters of other formats to what their examples say: archives
// of txtar with a file, the build file that it becomes, and the notes on it.
package converted

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/llb/spec"
)

// Converter makes a build file of a file, or says why it can't.
type Converter func(data []byte) (*draft.File, []report.Note, error)

// Archives compares each archive in testdata with what "files" makes of it, or writes that
// into it.
func Archives(t *testing.T, update bool, files func(*testing.T, *txtar.Archive) []txtar.File) {
	for _, file := range names(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := txtar.Format(&txtar.Archive{Comment: a.Comment, Files: files(t, a)})
			if update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(txtar.Format(a)), string(got)); diff != "" {
				t.Errorf("differs from %s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func names(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no archives in testdata: %v", err)
	}
	return files
}

// Definition is Archives for a converter of definitions in YAML, which come first in their
// archives.
func Definition(t *testing.T, update bool, is func([]byte) bool, convert Converter) {
	Archives(t, update, func(t *testing.T, a *txtar.Archive) []txtar.File {
		if !is(a.Files[0].Data) {
			t.Error("is not taken for a definition")
		}
		text, notes := Text(t, a.Files[0].Data, convert)
		return []txtar.File{a.Files[0], {Name: "strata.yaml", Data: text}, {Name: "notes", Data: notes}}
	})
}

// Text is a build file and the notes on it, or the error in their place. It must be one
// that the parser takes.
func Text(t *testing.T, data []byte, convert Converter) (text, notes []byte) {
	t.Helper()
	file, list, err := convert(data)
	if err != nil {
		return nil, []byte(err.Error() + "\n")
	}
	if text, err = file.Bytes(); err != nil {
		t.Fatal(err)
	}
	if _, err := spec.Parse("strata.yaml", text); err != nil {
		t.Errorf("not a build file: %v\n%s", err, text)
	}
	var out bytes.Buffer
	for _, n := range list {
		fmt.Fprintf(&out, "%d: %s: %s\n", n.Line, n.Kind, n.Text)
	}
	return text, out.Bytes()
}

// Fuzz converts anything: what comes of it must be a text that YAML can read again, the
// same each time, and every note has its words and a line.
func Fuzz(f *testing.F, convert Converter) {
	for _, file := range names(f) {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, notes, err := convert(data)
		if err != nil {
			return
		}
		for _, n := range notes {
			if n.Text == "" || n.Line < 0 {
				t.Errorf("an empty note at line %d", n.Line)
			}
		}
		text, err := file.Bytes()
		if err != nil {
			return // it has what YAML can't hold, and says where
		}
		if err := yaml.Unmarshal(text, &yaml.Node{}); err != nil {
			t.Errorf("not YAML: %v\n%s", err, text)
		}
		if again, _, err := convert(data); err != nil {
			t.Errorf("refused the second time: %v", err)
		} else if other, err := again.Bytes(); err != nil || !bytes.Equal(text, other) {
			t.Errorf("written otherwise the second time: %v\n%s\n%s", err, text, other)
		}
	})
}
